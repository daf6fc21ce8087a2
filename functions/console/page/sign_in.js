// The sign-in: by password, or by a code in an e-mail.

import { sendCode, signIn, signInWithCode } from "./session.js";
import { html, useState } from "./vendor/preact.js";

/**
 * @param {{ onSignIn: (user: import("./session.js").User) => void, email?: string, problem?: string
 * }} props
 */
export function SignIn({ onSignIn, email: knownEmail = "", problem: firstProblem = "" }) {
  const [email, setEmail] = useState(knownEmail);
  const [secret, setSecret] = useState("");
  const [step, setStep] = useState(/** @type {"password" | "code"} */ ("password"));
  const [problem, setProblem] = useState(firstProblem);
  const [isBusy, setBusy] = useState(false);

  const attempt = async (action) => {
    setBusy(true);
    setProblem("");
    try {
      await action();
    } catch (error) {
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  };
  const submit = (event) => {
    event.preventDefault();
    const open = step === "password" ? signIn : signInWithCode;
    attempt(async () => onSignIn(await open(email.trim(), secret.trim())));
  };
  const requestCode = () =>
    attempt(async () => {
      if (!email.includes("@")) throw new Error("Enter your address first.");
      await sendCode(email.trim());
      setSecret("");
      setStep("code");
    });

  const isCode = step === "code";
  return html`
    <form class="sign-in" onSubmit=${submit}>
      <label for="email">E-mail address</label>
      <input id="email" type="email" required autocomplete="username" autofocus value=${email}
        onInput=${(event) => setEmail(event.currentTarget.value)} />
      <label for="secret">${isCode ? "Code from the e-mail" : "Password"}</label>
      <input id="secret" key=${step} type=${isCode ? "text" : "password"} required value=${secret}
        autocomplete=${isCode ? "one-time-code" : "current-password"}
        inputmode=${isCode ? "numeric" : "text"}
        onInput=${(event) => setSecret(event.currentTarget.value)} />
      <p role="alert" class="problem">${problem}</p>
      <button type="submit" class="primary" disabled=${isBusy}>Sign in</button>
      ${isCode
        ? html`<button type="button" onClick=${() => setStep("password")}>Use a password</button>`
        : html`<button type="button" disabled=${isBusy} onClick=${requestCode}>
            Send me a code instead
          </button>`}
    </form>
  `;
}
