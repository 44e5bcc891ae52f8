// Asks a visitor what they did when an error happened; answers go back to this script's address.
(function () {
  "use strict";
  var script = document.currentScript;
  if (!script) { return; }
  var address = script.src;
  var asked = new URL(address).searchParams;
  function make(tag, props, parent) {
    var node = document.createElement(tag);
    Object.keys(props).forEach(function (key) {
      if (key === "style") { node.style.cssText = props[key]; } else { node[key] = props[key]; }
    });
    if (parent) { parent.appendChild(node); }
    return node;
  }
  var cover = make("div", {
    className: "sentry-error-embed-wrapper",
    style: "position:fixed;inset:0;z-index:999999;background:rgba(0,0,0,.6);display:grid;place-items:center"
  });
  var form = make("form", {
    className: "sentry-error-embed",
    style: "background:#fff;color:#222;font:15px/1.5 sans-serif;padding:24px;border-radius:8px;width:min(480px,90vw)"
  }, cover);
  make("h2", { textContent: asked.get("title") || "It looks like we have a problem.", style: "margin:0 0 8px;font-size:20px" }, form);
  make("p", { textContent: asked.get("subtitle") || "Tell us what happened, and we will look into it." }, form);
  var problem = make("p", { style: "color:#b00020" }, form);
  problem.setAttribute("role", "alert");
  function field(name, tag, text, value) {
    var label = make("label", { textContent: text, style: "display:block;margin:8px 0" }, form);
    return make(tag, { name: name, value: value || "", required: true, style: "display:block;width:100%;box-sizing:border-box;padding:6px;font:inherit" }, label);
  }
  field("name", "input", asked.get("labelName") || "Name", asked.get("name"));
  field("email", "input", asked.get("labelEmail") || "Email", asked.get("email")).type = "email";
  field("comments", "textarea", asked.get("labelComments") || "What happened?", "").rows = 5;
  make("button", { type: "submit", textContent: asked.get("labelSubmit") || "Send" }, form);
  make("button", { type: "button", textContent: asked.get("labelClose") || "Close", onclick: close }, form);
  function close() { cover.remove(); }
  function failed() { problem.textContent = asked.get("errorGeneric") || "That could not be sent; please try again."; }
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var body = new URLSearchParams(new FormData(form));
    fetch(address, { method: "POST", body: body }).then(function (answer) {
      if (!answer.ok) { failed(); return; }
      form.replaceChildren();
      make("p", { textContent: asked.get("successMessage") || "Thank you: your words have been sent." }, form);
      make("button", { type: "button", textContent: asked.get("labelClose") || "Close", onclick: close }, form);
    }, failed);
  });
  document.body.appendChild(cover);
}());
