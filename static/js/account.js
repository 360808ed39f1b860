// A passkey that the browser did not give: said on the page instead of in the console.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const said = document.getElementById("passkey-failed");
  if (said) { said.hidden = true; said.hidden = false; }
});
