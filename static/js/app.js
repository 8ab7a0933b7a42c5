// Small helps on every page; all of it works without this file.
const toast = (text) => {
  const box = document.getElementById("toast");
  box.textContent = text;
  box.hidden = false;
};

document.addEventListener("htmx:sendError", () =>
  toast("没有网络。填的内容都还在，有信号后再按一次。"));
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status >= 500) toast("服务器没有答应。填的内容都还在，请再按一次。");
});
document.addEventListener("htmx:afterOnLoad", () => {
  document.getElementById("toast").hidden = true;
});

// A second press of the same button sends nothing; the server would answer with the same row.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented || form.matches("[hx-post]")) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  window.addEventListener("pageshow", () => delete form.dataset.sent, { once: true });
});

// A filter that has a button for those without scripts submits itself here.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
