"""Pure decisions: facts and the date come in, a code goes out."""
