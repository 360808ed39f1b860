// The desk's sheets: the keyboard, cells that save themselves, pasted rows.
{
  const FIELDS = "input:not([type=hidden]), select, textarea", STOPS = "button, a[href]", OPEN = ".cell-form[data-was]";
  let next = null; // where to go once a cell is saved

  const on = (name, deed, early) => document.addEventListener(name, deed, early);
  const values = (form) => new URLSearchParams(new FormData(form)).toString();
  const isBad = (form) => form.querySelector(".error, .conflict");
  const first = (cell) => cell.querySelector(STOPS);
  const step = (here, by, within = "") => {
    const stops = [...here.closest("table").querySelectorAll(`tbody ${within} :is(${STOPS}):not([hidden] *, form *)`)];
    return stops[stops.indexOf(here) + by];
  };
  // Cells are called "row-column": up and down stay in the column.
  const column = (here) => `td[id$="${here.closest("td, th").id.match(/-\w+$/)}"]`;
  const moves = {
    ArrowRight: (here) => step(here, 1), ArrowLeft: (here) => step(here, -1),
    ArrowDown: (here) => step(here, 1, column(here)), ArrowUp: (here) => step(here, -1, column(here)),
  };

  // A quiet save leaves the focus alone: it is put where the keyboard goes next.
  const save = (form, to) => {
    next = to && { id: form.closest("td").id, to };
    if (values(form) === form.dataset.was && !isBad(form)) {
      form.dataset.sent = "";
      htmx.ajax("GET", `${form.action}?show=quiet`, { target: form.closest("td"), swap: "outerHTML" });
    } else if (!("sent" in form.dataset)) {
      form.dataset.sent = "";
      form.insertAdjacentHTML("beforeend", '<input type="hidden" name="quiet" value="1">');
      form.requestSubmit();
    }
  };

  on("htmx:load", ({ target }) => {
    for (const form of target.querySelectorAll(".cell-form[action*='/cells/']")) form.dataset.was = values(form);
  });
  on("htmx:afterSettle", () => {
    const cell = next && document.getElementById(next.id);
    if (!cell || cell.querySelector("[data-sent]")) return;
    const here = cell.querySelector("[aria-invalid=true]") || cell.querySelector(`form :is(${FIELDS})`) || first(cell);
    (here.closest("form") ? here : moves[next.to]?.(here) || here).focus();
    next = null;
  });
  on("htmx:sendError", () => { for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent; });
  on("click", ({ target }) => {
    const form = target.closest("[data-cancel]")?.closest("form");
    if (form) form.dataset.sent = ""; // nothing of it is saved
  }, true);
  on("focusout", ({ target, relatedTarget }) => {
    const form = target.closest(`${OPEN}:not([data-sent])`);
    if (!form || form.contains(relatedTarget) || !document.hasFocus()) return;
    if (values(form) !== form.dataset.was || !isBad(form)) save(form);
  });
  on("keydown", (event) => {
    const { key, target, shiftKey } = event, ctrl = event.ctrlKey || event.metaKey;
    const form = target.closest(OPEN);
    const act = (deed) => { event.preventDefault(); deed(); };
    if (ctrl && key === "s") {
      const open = form || document.querySelector(OPEN);
      if (open) act(() => save(open, "stay"));
    } else if (form && target.matches(FIELDS)) {
      const edge = [...form.querySelectorAll(FIELDS)].at(shiftKey ? 0 : -1);
      if (key === "Enter" && (ctrl || !target.matches("textarea"))) act(() => save(form, "ArrowDown"));
      else if (key === "Tab" && target === edge && !isBad(form)) act(() => save(form, shiftKey ? "ArrowLeft" : "ArrowRight"));
    } else if (!ctrl && !event.altKey && target.matches(`.sheet tbody :is(${STOPS}):not(form *)`)) {
      const there = moves[key]?.(target);
      if (there) act(() => there.focus());
      else if (key === "s") target.closest("tbody").querySelector(".use-last")?.click();
    }
  });
  on("paste", (event) => {
    const text = event.clipboardData.getData("text"), form = document.getElementById("paste");
    if (!form || event.target.closest(FIELDS) || !text.includes("\t")) return;
    event.preventDefault();
    form.closest("details").open = true;
    form.rows.value = text;
    form.requestSubmit();
  });
}
