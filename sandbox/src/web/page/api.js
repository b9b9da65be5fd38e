// The sandbox's own small API: what is to be seen, and what the user does.

/** What the sandbox says at an address, as text; the caller compares it with what it had. */
export async function ask(path, parameters = {}) {
  const kept = Object.entries(parameters).filter(([, value]) => value != null && value !== "");
  const answer = await fetch(`/sandbox/${path}?` + new URLSearchParams(kept));
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.text();
}

export const get = async (path, parameters) => JSON.parse(await ask(path, parameters));

/** Gives a file of a user to the sandbox. */
export async function send(file, user) {
  const answer = await fetch("/sandbox/upload?" + new URLSearchParams({ user, name: file.name }), { method: "POST", headers: { "content-type": "application/octet-stream" }, body: file });
  return answer.ok ? answer.json() : { error: await answer.text() };
}

/** Does something as a user; the answer has an `error` if it could not be done. */
export async function post(path, body) {
  try {
    const answer = await fetch(`/sandbox/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) return { error: text || `the sandbox answered ${answer.status}`, kind: "refused" };
    return text ? JSON.parse(text) : {};
  } catch {
    return { error: "the sandbox does not answer; has it ended?", kind: "refused" };
  }
}
