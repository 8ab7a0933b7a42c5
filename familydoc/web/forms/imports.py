"""The form of an upload."""

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired


class UploadForm(FlaskForm):  # type: ignore[misc]
    """A workbook or a CSV file; what it really is shows its content."""

    file = FileField("选择文件", validators=[FileRequired("请先选择要导入的文件。")])
