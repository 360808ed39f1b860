// What is typed while an answer with proposals is on its way stays: the answer knows only what had been sent.
(() => {
  const asked = (event) => event.detail.requestConfig.elt.closest?.("[data-keep-typed]")?.closest("form");
  const isTicked = (field) => field.type === "checkbox";
  let typed = [];

  document.addEventListener("htmx:beforeSwap", (event) => {
    const form = asked(event);
    if (!form) return;
    // Proposals that come while the form is being sent are too late: its own answer has to find it.
    if (form.matches(".htmx-request")) { event.detail.shouldSwap = false; return; }
    const sent = event.detail.requestConfig.formData;
    const isNew = (field) => (isTicked(field) ? field.checked !== sent.has(field.name) : field.value !== (sent.get(field.name) ?? ""));
    typed = [...form.elements].filter((field) => field.name && field.type !== "hidden" && field.type !== "submit" && isNew(field))
      .map((field) => ({ form: form.id, name: field.name, value: field.value, checked: field.checked }));
  });

  document.addEventListener("htmx:afterSwap", () => {
    for (const { form, name, value, checked } of typed) {
      const field = document.getElementById(form)?.elements[name];
      if (field) isTicked(field) ? (field.checked = checked) : (field.value = value);
    }
    typed = [];
  });
})();
