// Sends what stands behind `#` of a link that logs in once: it never leaves this page by its address.
const form = document.getElementById("link");
const said = document.getElementById("said");
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch("/login/link", { method: "POST", body: token });
    const text = await answer.text();
    if (answer.ok) {
      location.replace(text);
    } else {
      said.textContent = text;
    }
  } catch {
    said.textContent = "The relay does not answer. Is it running?";
    button.disabled = false;
  }
});
