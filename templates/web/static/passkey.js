// Passkeys: asks the desk what to prove, lets the browser prove it, and hands
// the answer back. A form says with data-passkey which of the two it is.
"use strict";
(() => {
  const bytes = (s) => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (b) => b ? btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "") : undefined;

  const post = async (path, body) => {
    const res = await fetch(path, { method: "POST", body, headers: { "Content-Type": "application/json" } });
    if (res.status === 401) {
      location.assign("/desk/login?next=" + encodeURIComponent(location.pathname));
      return new Promise(() => {});
    }
    const answer = await res.json().catch(() => ({}));
    if (!res.ok) throw new Error(answer.error || "That did not work. Please try again.");
    return answer;
  };

  const withIDs = (list) => (list || []).map((c) => ({ ...c, id: bytes(c.id) }));

  const prove = async () => {
    const o = await post("/desk/login/passkey/ask");
    const c = await navigator.credentials.get({ publicKey: { ...o, challenge: bytes(o.challenge), allowCredentials: withIDs(o.allowCredentials) } });
    await post("/desk/login/passkey", JSON.stringify({
      id: c.id, rawId: text(c.rawId), type: c.type, clientExtensionResults: c.getClientExtensionResults(),
      response: {
        clientDataJSON: text(c.response.clientDataJSON), authenticatorData: text(c.response.authenticatorData),
        signature: text(c.response.signature), userHandle: text(c.response.userHandle),
      },
    }));
  };

  const make = async (form) => {
    const o = await post("/desk/account/passkeys/ask");
    const c = await navigator.credentials.create({
      publicKey: { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: withIDs(o.excludeCredentials) },
    });
    await post("/desk/account/passkeys?name=" + encodeURIComponent(form.elements.name.value), JSON.stringify({
      id: c.id, rawId: text(c.rawId), type: c.type, clientExtensionResults: c.getClientExtensionResults(),
      response: {
        clientDataJSON: text(c.response.clientDataJSON), attestationObject: text(c.response.attestationObject),
        transports: c.response.getTransports ? c.response.getTransports() : [],
      },
    }));
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const said = form.querySelector("[role=status]");
    if (!window.PublicKeyCredential) {
      form.hidden = true;
      continue;
    }
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      said.textContent = "";
      try {
        await (form.dataset.passkey === "new" ? make(form) : prove());
        location.assign(form.dataset.then);
      } catch (err) {
        said.textContent = err.name === "NotAllowedError" ? "The browser stopped, or nobody answered it. Please try again." : err.message;
      }
    });
  }
})();
