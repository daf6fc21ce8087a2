// The console: who is signed in, what they may do, and which screen is shown.

import { call, readCatalogue } from "./api.js";
import { HealthScreen, beginHealth } from "./health/screen.js";
import { ModelsScreen } from "./models/screen.js";
import { ProgressScreen } from "./progress.js";
import { ListScreen } from "./review/list.js";
import { ReviewScreen } from "./review/screen.js";
import { Review } from "./review/state.js";
import { signInWithLink, signOut } from "./session.js";
import { SignIn } from "./sign_in.js";
import { Dialog } from "./ui.js";
import { html, render, useCallback, useEffect, useRef, useState } from "./vendor/preact.js";

const SCREENS = {
  reviewer: ["review", "list", "figures", "health"],
  operator: ["review", "list", "figures", "health", "models"],
  viewer: ["health", "figures"],
};
const NAMES = { review: "Review", list: "List", figures: "Figures", health: "Health", models: "Models" };

function App() {
  const [user, setUser] = useState(/** @type {import("./session.js").User | null} */ (null));
  const [role, setRole] = useState(/** @type {string | null | undefined} */ (undefined));
  const [catalogue, setCatalogue] = useState([]);
  const [isExpired, setExpired] = useState(false);
  const [session, setSession] = useState(0);
  const [problem, setProblem] = useState("");
  const [, redraw] = useState(0);
  const review = useRef(/** @type {Review | null} */ (null));
  const [screen, show] = useScreen(role ? SCREENS[role] : []);

  const fail = useCallback(async (error) => {
    if (error.reason === "expired") setExpired(true);
    else if (error.reason === "forbidden") setRole(await call("console_role").catch(() => null));
    else setProblem(error.message);
  }, []);

  const open = async (signedIn) => {
    setExpired(false);
    setProblem("");
    setSession((count) => count + 1);
    if (user?.id !== signedIn.id) {
      review.current?.close();
      review.current = null;
      setUser(signedIn);
      setRole(undefined);
    }
    if (location.hash === "#health") beginHealth();
    try {
      const [newRole, intents] = await Promise.all([call("console_role"), readCatalogue()]);
      setRole(newRole);
      setCatalogue(intents);
      if (newRole in SCREENS && newRole !== "viewer") {
        const onChange = () => {
          if (review.current?.outbox.state === "expired") setExpired(true);
          redraw((count) => count + 1);
        };
        review.current ??= new Review(signedIn.id, onChange, fail);
        review.current.outbox.flush();
        review.current.refill();
        review.current.lookForDisagreements();
      }
    } catch (error) {
      fail(error);
    }
  };

  useEffect(() => {
    const link = new URLSearchParams(location.search).get("token_hash");
    if (!link) return;
    history.replaceState(null, "", location.pathname);
    signInWithLink(link).then(open, (error) => setProblem(error.message));
  }, []);
  useEffect(() => {
    const warn = (event) => {
      if (review.current?.outbox.entries.length) event.preventDefault();
    };
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, []);

  if (!user) {
    return html`
      <main class="entry">
        <h1>Prompt Capture</h1>
        <${SignIn} key=${problem} onSignIn=${open} problem=${problem} />
      </main>
    `;
  }
  const leave = async () => {
    await signOut();
    review.current?.close();
    review.current = null;
    setUser(null);
    setRole(undefined);
  };
  return html`
    <${Header} user=${user} screens=${role ? SCREENS[role] : []} screen=${screen}
      review=${review.current} onSignOut=${leave} />
    <main>
      ${problem && html`<p class="notice" role="alert">${problem}
        <button type="button" onClick=${() => setProblem("")}>Close</button></p>`}
      ${role === undefined && html`<p class="empty">Loading …</p>`}
      ${role === null && html`<${NoRole} />`}
      ${role && html`<${Screen} screen=${screen} show=${show} user=${user} role=${role} review=${review.current}
        catalogue=${catalogue} session=${session} onFailure=${fail} />`}
    </main>
    ${isExpired && html`
      <${Dialog} title="Your session has ended" onClose=${() => {}}>
        <p>Sign in again to go on. No decision is lost.</p>
        <${SignIn} onSignIn=${open} email=${user.email} />
      <//>
    `}
  `;
}

/** A new session loads figures, health and models again; a review goes on as it is. */
function Screen({ screen, show, user, role, review, catalogue, session, onFailure }) {
  if (screen === "figures") return html`<${ProgressScreen} key=${session} onFailure=${onFailure} />`;
  if (screen === "health") return html`<${HealthScreen} key=${session} userId=${user.id} role=${role} onFailure=${onFailure} />`;
  if (screen === "models") return html`<${ModelsScreen} key=${session} onFailure=${onFailure} />`;
  if (!review) return null;
  if (screen === "list") {
    const onOpen = (item, reason) => {
      review.restart(reason);
      review.open(item);
      show("review");
    };
    return html`<${ListScreen} onOpen=${onOpen} onBack=${() => show("review")} onFailure=${onFailure} initialReason=${review.reason} />`;
  }
  return html`<${ReviewScreen} review=${review} catalogue=${catalogue} onList=${() => show("list")} />`;
}

function Header({ user, screens, screen, review, onSignOut }) {
  return html`
    <header>
      <h1>Prompt Capture</h1>
      <nav aria-label="Screens">
        ${screens.map(
          (name) => html`
            <a key=${name} href=${`#${name}`} aria-current=${name === screen ? "page" : undefined}>
              ${NAMES[name]}
            </a>
          `,
        )}
      </nav>
      ${review && html`<${Outgoing} review=${review} />`}
      <span class="user">${user.email}</span>
      <button type="button" onClick=${onSignOut}>Sign out</button>
    </header>
  `;
}

/** Shows how many decisions were made here, and how many are not recorded yet. */
function Outgoing({ review }) {
  const { entries, failing, state } = review.outbox;
  const isWaiting = entries.length > 0 && (failing > 0 || state !== "sending");
  const why = () => {
    if (state === "expired") return "sign in again";
    if (state === "unreachable") return "no connection, trying again";
    return failing ? `the server does not take ${failing}, trying again` : "trying again";
  };
  return html`
    <span class="outgoing" role="status" data-waiting=${entries.length}>
      ${isWaiting
        ? html`<strong>${entries.length} not recorded yet:</strong> ${why()}`
        : `${review.decided} decided`}
    </span>
  `;
}

function NoRole() {
  return html`
    <section>
      <h2>This account has no role</h2>
      <p>
        Ask an administrator to give it the role <strong>reviewer</strong>, <strong>operator</strong>
        or <strong>viewer</strong>, and sign in again.
      </p>
    </section>
  `;
}

/** @param {string[]} allowed @returns {[string, (screen: string) => void]} the screen of the address */
function useScreen(allowed) {
  const [asked, setAsked] = useState(location.hash.slice(1));
  useEffect(() => {
    const onChange = () => setAsked(location.hash.slice(1));
    addEventListener("hashchange", onChange);
    return () => removeEventListener("hashchange", onChange);
  }, []);
  const show = (screen) => {
    location.hash = screen;
  };
  return [allowed.includes(asked) ? asked : allowed[0], show];
}

render(html`<${App} />`, document.getElementById("app"));
