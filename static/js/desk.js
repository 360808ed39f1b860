// The keyboard of the desk's sheets, cells that save themselves, rows pasted from a spreadsheet. Works on what is swapped in later.
(() => {
  const FIELDS = "input:not([type=hidden]), select, textarea", STOPS = "button, a[href]";
  let next = null; // where to go once a cell is saved: {id, to}

  const on = (name, deed, early) => document.addEventListener(name, deed, early);
  const values = (form) => new URLSearchParams(new FormData(form)).toString();
  const isBad = (form) => form.querySelector(".error, .conflict");
  const first = (cell) => cell.querySelector(STOPS);
  const step = (list, from, by) => list[list.indexOf(from) + by];
  // Cells are called "row-column": the next one of the same column, and the next button along the rows.
  const beside = (cell, by) => {
    const column = cell.id.slice(cell.id.lastIndexOf("-"));
    const next = cell.id && step([...cell.closest("table").querySelectorAll(`td[id$="${column}"]:not([hidden] *)`)].filter(first), cell, by);
    return next && first(next);
  };
  const along = (from, by) => step([...from.closest("table").querySelectorAll(`tbody :is(${STOPS}):not([hidden] *, form *)`)], from, by);
  const moves = {
    ArrowRight: (here) => along(here, 1), ArrowLeft: (here) => along(here, -1),
    ArrowDown: (here) => beside(here.closest("td"), 1), ArrowUp: (here) => beside(here.closest("td"), -1),
  };

  // The answer to a quiet save leaves the focus alone: it is put where the keyboard goes next.
  const save = (form, to) => {
    next = to && { id: form.closest("td").id, to };
    if (values(form) === form.dataset.was && !isBad(form)) {
      form.dataset.sent = "";
      htmx.ajax("GET", `${form.getAttribute("action")}?show=quiet`, { target: form.closest("td"), swap: "outerHTML" });
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
    if (form) form.dataset.sent = ""; // nothing of it is saved when it goes
  }, true);
  on("focusout", ({ target, relatedTarget }) => {
    const form = target.closest(".cell-form[data-was]:not([data-sent])");
    if (!form || form.contains(relatedTarget) || !document.hasFocus()) return;
    if (values(form) !== form.dataset.was || !isBad(form)) save(form);
  });
  on("keydown", (event) => {
    const { key, target, shiftKey } = event, ctrl = event.ctrlKey || event.metaKey;
    const form = target.closest(".cell-form[data-was]");
    const act = (deed) => { event.preventDefault(); deed(); };
    if (ctrl && key === "s") {
      const open = form || document.querySelector(".cell-form[data-was]");
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
    const text = event.clipboardData.getData("text/plain"), form = document.getElementById("paste");
    if (!form || event.target.closest(FIELDS) || !text.includes("\t")) return;
    event.preventDefault();
    form.closest("details").open = true;
    form.elements.rows.value = text;
    form.requestSubmit();
  });
})();
