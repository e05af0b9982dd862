// The page: what is drawn, and how it begins.

import { h, render } from "./vendor/preact-11.2.0.js";
import htm from "./vendor/htm-3.1.1.js";
import { Ask, Banner, Empty, Failure, Variants } from "./cards.js";
import { change, marked, toggleSuggestions, use } from "./changes.js";
import { actions, bindKeys, click, pointer } from "./hands.js";
import { Outlook } from "./outlook.js";
import { connect, elapsed, exchange, next, outbox, waiting } from "./questions.js";
import { Agreement, Guidelines, Help, Key, Labels, Legend, Progress } from "./side.js";
import { draw, drawWith, state } from "./state.js";
import { Text, colour } from "./text.js";
import { Refusal, annotator, get, keep, post, settling } from "./wire.js";

const html = htm.bind(h);

// --- drawing

const possible = {
  undo: () => state.question?.undo.length || state.past.length,
  remove: marked, everywhere: marked, grow: marked, shrink: marked,
  redo: () => state.question?.redo.length || (state.question?.revisited && state.ahead.length && !state.question.undo.length),
};
const button = (action, name, kind) => html`<button class=${kind || ""} id=${action} disabled=${!(possible[action] || (() => state.question))()}
  onClick=${() => click(actions[action])}>${name} <${Key} keys=${state.config.keys[action]} /></button>`;

function Card() {
  const { question, config } = state;
  if (!question) return html`<${Empty} undo=${button("undo", "Undo", "plain")} />`;
  const tools = [["remove", "Remove"], ["everywhere", "Mark all like it"], ["shrink", "Shorter"], ["grow", "Longer"]];
  const { task } = question;
  const asking = question.asked !== undefined;
  const span = asking && question.suggested[question.asked];
  const suggestions = question.suggested.length > 0;
  return html`<section class="card question" aria-label="Question">
    <header>
      <p class="where">${task.source || "Sentence"}${question.revisited ? html` · <b>changed answer replaces the old one</b>` : null}
        ${state.brush ? html` · <b class="painting">painting ${state.brush}; click it again to end</b>` : null}</p>
      ${suggestions && !asking ? html`<button class="plain" id="suggestions" aria-pressed=${!state.hidden} onClick=${() => click(toggleSuggestions)}>
        ${state.hidden ? "Show suggestions" : "Hide suggestions"} <${Key} keys=${config.keys.suggestions} /></button>` : null}
    </header>
    ${asking
      ? html`<p class="ask">Is <b>${task.words.slice(span[0], span[1]).join(" ")}</b> here <span class="label still ${colour(config.labels, span[2])}">${span[2]}</span>?</p>`
      : html`<${Labels} config=${config} state=${state} draw=${draw} use=${(name) => click(() => use(name))} />`}
    ${task.before ? html`<p class="around before" dir="auto">${task.before}</p>` : null}
    <${Text} question=${question} labels=${config.labels} on=${pointer} />
    ${task.after ? html`<p class="around after" dir="auto">${task.after}</p>` : null}
    ${question.spans.some((span) => span[3] === "model alike") ? html`<p class="hint">Some dashed words are suggested because you marked the same words in this document.</p>` : null}
    ${task.windows.length ? html`<p class="hint">Only the underlined words are asked about; grey words are context.</p>` : null}
    ${state.differences ? html`<${Variants} take=${(spans) => click(() => change(spans))} />` : null}
    ${asking ? null : html`<div class="tools" role="toolbar" aria-label="The chosen entity">${tools.map(([action, name]) => button(action, name, "plain"))}</div>`}
    <footer>
      ${asking ? [button("yes", "Yes", "primary"), button("no", "No", "")] : button("accept", question.spans.length ? "Accept" : "Nothing here", "primary")}
      ${button("skip", question.revisited && !asking ? "Leave out" : "Skip")}<span class="stretch"></span>${button("undo", "Undo", "plain")}${button("redo", "Redo", "plain")}
    </footer>
  </section>
  ${asking ? null : html`<${Legend} config=${config} suggestions=${suggestions && !state.hidden} />`}`;
}

function App() {
  const { config, status } = state;
  if (state.failure) return html`<${Failure} text=${state.failure} />`;
  if (!config.labels.length) return html`<${Ask} draw=${draw} />`;
  const other = new URLSearchParams({ ...(annotator && { annotator }), ...(settling ? {} : { settle: 1 }) });
  return html`<div class="page">
    <header class="top">
      <h1>${config.name}</h1>${annotator ? html`<span class="who">${annotator}</span>` : null}<span class="stretch"></span>
      ${settling || status?.people > 1 ? html`<a id="settle" href=${`?${other}`}>${settling ? "Label" : "Differences"}</a>` : null}
      ${status?.fresh ? html`<button class="plain" id="train" onClick=${() => post("/api/train", {})}>Learn now</button>` : null}
      <button class="plain" onClick=${theme} aria-label="Light or dark">${dark() ? "Light" : "Dark"}</button>
      <button class="plain" id="help" onClick=${() => ((state.help = true), draw())}>Keys <kbd>?</kbd></button>
    </header>
    <${Banner} outbox=${outbox} />
    ${state.notice ? html`<p class="banner problem" role="alert">${state.notice} <button class="plain" onClick=${() => ((state.notice = ""), draw())}>Close</button></p>` : null}
    <main><${Card} /><${Guidelines} config=${config} /></main>
    <aside>
      ${state.agreement ? html`<${Agreement} numbers=${state.agreement} left=${state.left} />` : html`<${Progress} status=${status} />${status ? html`<${Outlook} outlook=${status.outlook} labels=${config.labels} over=${status.phase === "done"} />` : null}`}
    </aside>
    ${state.help ? html`<${Help} config=${config} close=${() => ((state.help = false), draw())} />` : null}
  </div>`;
}

drawWith(() => render(html`<${App} />`, document.getElementById("app")));

// --- light and dark

const dark = () => (state.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function theme() {
  state.theme = dark() ? "light" : "dark";
  keep("al:theme", state.theme);
  document.documentElement.dataset.theme = state.theme;
  draw();
}

// --- beginning

async function settle() {
  const found = await get("/api/differences", state.config.run);
  state.agreement = found.agreement;
  state.left = found.left;
  state.differences = found.differences;
  const have = new Set(waiting());
  state.queue.push(...found.differences.filter((row) => !have.has(row.task.id)).map((row) => ({ ...row.task, spans: row.answers[0].spans })));
}

async function look() {
  try {
    state.status = await get("/api/status", state.config.run);
    if (settling) await settle();
    else if (outbox.trouble || !state.question || outbox.rows.length) await exchange();
    if (!state.question) next();
  } catch (error) {
    outbox.trouble = error instanceof Refusal ? error.message : "offline";
  }
  draw();
  const busy = state.status?.training?.phase !== "waiting" || !state.question;
  setTimeout(look, busy ? 1000 : 3000);
}

async function start() {
  if (state.theme) document.documentElement.dataset.theme = state.theme;
  try {
    state.config = await get("/api/start", "");
    state.failure = null;
  } catch (error) {
    state.failure = error instanceof Refusal ? error.message : "The server does not answer. The page goes on when it does.";
    setTimeout(start, 2000);
    return draw();
  }
  document.title = `${state.config.name} · label`;
  connect(state.config.run);
  draw();
  if (!state.config.labels.length) return;
  bindKeys();
  if (!settling) await exchange();
  next();
  draw();
  look();
}

// Back in this window: an untouched question that was answered in another one makes room.
async function back() {
  const { question } = state;
  const value = settling ? null : await exchange();
  const untouched = question && question === state.question && !question.undo.length && !question.revisited && !question.said?.length;
  if (value?.stale.includes(question?.task.id) && untouched && !state.busy) next();
  draw();
}

document.addEventListener("visibilitychange", () => {
  const { question } = state;
  if (!question) return;
  if (document.hidden) question.seconds = elapsed(question);
  question.since = Date.now();
});
window.addEventListener("focus", () => outbox && back());

window.addEventListener("beforeunload", (event) => outbox?.fleeting && event.preventDefault());
window.addEventListener("unhandledrejection", ({ reason }) => {
  state.notice = `Something went wrong on this page: ${reason?.message || reason}. Load it anew; what you have answered is kept.`;
  if (state.config) draw();
});

start();
