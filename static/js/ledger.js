// What HTML, CSS and htmx cannot do: the choice of light or dark (loaded before the page is drawn, so that nothing flashes),
// and Escape, which gives back an open inline edit or closes an open menu. Pages work without it.
(() => {
  const root = document.documentElement;
  const stored = () => { try { return localStorage.getItem("scheme"); } catch { return null; } };
  const apply = (scheme) => { if (scheme === "light" || scheme === "dark") root.dataset.scheme = scheme; else delete root.dataset.scheme; };
  apply(stored());
  root.dataset.scripted = ""; // shows the choice in the footer from the first drawing on

  document.addEventListener("DOMContentLoaded", () => {
    const choice = document.getElementById("scheme");
    if (!choice) return;
    const current = choice.querySelector(`[value="${root.dataset.scheme || "auto"}"]`);
    if (current) current.checked = true;
    choice.addEventListener("change", (event) => {
      apply(event.target.value);
      try { localStorage.setItem("scheme", event.target.value); } catch { /* private windows keep nothing: the choice holds for this page */ }
    });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    const cancel = event.target.closest?.("form")?.querySelector("[data-cancel]");
    if (cancel) { event.preventDefault(); cancel.click(); return; }
    const open = event.target.closest?.("details[data-menu][open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });

  // A click beside an open menu closes it.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
  });
})();
