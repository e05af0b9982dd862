// The page: what each key and click does to its state, and drawing it anew after every change.

import { h, render } from "./vendor/preact-11.2.0.js";
import htm from "./vendor/htm-3.1.1.js";
import { tinykeys } from "./vendor/tinykeys-3.1.0.js";
import { Ask, Banner, Empty, Failure, Variants } from "./cards.js";
import { at, drop, everywhere, plain, put, resize } from "./edit.js";
import { go, jump, line, move } from "./moving.js";
import { Outlook } from "./outlook.js";
import { Agreement, Guidelines, Help, Key, Labels, Legend, Progress } from "./side.js";
import { range, say, state } from "./state.js";
import { Text, colour, wordAt } from "./text.js";
import { Drafts, Outbox, Refusal, annotator, get, keep, post, settling } from "./wire.js";

const html = htm.bind(h);
const AHEAD = 5; // questions held, so that the next one is there at once and some are left without a connection
const IDLE = 120; // seconds after which nobody is thought to be at work on a question

let outbox = null;
let drafts = null;
let drag = null;

// --- questions

function open(task, kept) {
  const shown = task.spans || [];
  const suggested = settling ? [] : shown.map(([start, end, label]) => [start, end, label, "model"]);
  const first = task.windows.length ? task.windows[0][0] : 0;
  const byOne = state.config.one_by_one && suggested.length && !task.windows.length;
  const draft = kept || byOne ? null : drafts.read(task);
  const own = shown.map(([start, end, label]) => [start, end, label, "me"]);
  const spans = settling ? own : state.hidden && !byOne ? [] : suggested;
  const question = {
    task, suggested, spans: draft || spans, selection: [first, first], undo: draft ? [{ spans, selection: null }] : [],
    redo: [], seconds: 0, since: Date.now(), ...(byOne ? { asked: 0, said: [] } : {}), ...kept,
  };
  question.since = Date.now();
  return question;
}

function next() {
  const entry = state.queue.shift();
  state.question = entry ? (entry.task ? open(entry.task, entry) : open(entry)) : null;
  if (state.question) say(`Question: ${state.question.task.words.join(" ")}`.slice(0, 400));
}

const waiting = () => [...state.queue.map((entry) => (entry.task || entry).id), ...(state.question ? [state.question.task.id] : [])];

// Send what waits; take new questions in and drop those that a newer ranking or another window has made needless.
async function exchange() {
  const amount = settling ? 0 : Math.max(AHEAD - state.queue.length, 0);
  const have = waiting();
  const value = await outbox.exchange(have, amount);
  if (!value) return null;
  const stale = new Set(value.stale);
  const needless = ({ id, round }) => stale.has(id) || round < value.round;
  if (!settling) state.queue = state.queue.filter((entry) => entry.task || !needless(entry));
  const known = new Set([...waiting(), ...state.past.filter(({ task }) => task.round === value.round).map(({ task }) => task.id)]);
  state.queue.push(...value.tasks.filter((task) => !known.has(task.id)));
  if (value.problem) state.notice = value.problem;
  if (state.status && value.fresh !== undefined) state.status = { ...state.status, fresh: value.fresh };
  return value;
}

const elapsed = (question) => question.seconds + Math.min((Date.now() - question.since) / 1000, IDLE);

// Send an answer; the page moves on when it is on the server's disk, or at once while there is no connection.
async function finish(verdict, more) {
  const question = state.question;
  if (!question || state.busy) return;
  const seconds = Math.round(elapsed(question) * 10) / 10;
  const row = {
    id: question.task.id, round: question.task.round, verdict, seconds, when: new Date().toISOString(),
    spans: verdict === "accept" ? plain(question.spans) : [], ...more,
  };
  if (question.task.windows.length && verdict === "accept") row.missing = unasked(question);
  outbox.add(row);
  drafts.drop(question.task);
  state.busy = true;
  const was = outbox.trouble;
  const sent = exchange();
  if (!was) await sent;
  else sent.then(draw);
  state.busy = false;
  return row;
}

function unasked({ task, spans }) {
  const known = new Set();
  for (const [start, end] of [...task.windows, ...spans]) for (let word = start; word < end; word++) known.add(word);
  return task.words.map((_, word) => word).filter((word) => !known.has(word));
}

function leave() {
  const { question } = state;
  state.past.push({ ...question, undo: [], redo: [], seconds: elapsed(question) });
  state.ahead = [];
  state.done += 1;
  next();
  draw();
  if (!state.queue.length) exchange().then(() => (state.question ? 0 : next(), draw()));
}

async function accept() {
  const { question } = state;
  if (!question) return;
  if (question.asked !== undefined) return judge(true);
  const row = await finish("accept");
  if (row) leave();
}

async function skip() {
  if (!state.question) return;
  if (state.question.asked !== undefined && state.question.said.length) return judge(null);
  if (await finish("ignore")) leave();
}

// Yes, no or nothing about one suggested entity; everything else of the sentence stays missing.
async function judge(verdict) {
  const { question } = state;
  if (!question || question.asked === undefined || state.busy) return;
  const said = [...question.said, [question.suggested[question.asked], verdict]];
  const yes = plain(said.filter(([, one]) => one === true).map(([span]) => span));
  const rejected = plain(said.filter(([, one]) => one === false).map(([span]) => span));
  const known = new Set(yes.flatMap(([start, end]) => Array.from({ length: end - start }, (_, step) => start + step)));
  const missing = question.task.words.map((_, word) => word).filter((word) => !known.has(word));
  const kind = yes.length ? "accept" : rejected.length ? "reject" : "ignore";
  const row = await finish(kind, { spans: yes, rejected, missing: kind === "accept" ? missing : [] });
  if (!row) return;
  question.undo.push({ asked: question.asked, said: question.said, spans: question.spans });
  question.said = said;
  question.seconds = 0;
  question.since = Date.now();
  if (question.asked + 1 < question.suggested.length) question.asked += 1;
  else return leave();
  draw();
}

// --- changes to the question, each of which can be undone

function change(spans, selection) {
  const { question } = state;
  if (!question || question.asked !== undefined || spans === question.spans) return;
  question.undo.push({ spans: question.spans, selection: question.selection });
  question.redo = [];
  question.spans = spans;
  if (selection) question.selection = selection;
  drafts.write(question.task, spans);
}

function undo() {
  const { question } = state;
  if (state.busy) return;
  const before = question?.undo.pop();
  if (before) {
    question.redo.push({ spans: question.spans, selection: question.selection, asked: question.asked, said: question.said });
    Object.assign(question, before);
  } else if (state.past.length) {
    if (question) state.queue.unshift(question);
    const last = state.past.pop();
    state.ahead.push(last);
    const again = last.asked === undefined ? {} : { asked: 0, said: [] };
    state.question = { ...last, undo: [], redo: [], since: Date.now(), revisited: true, ...again };
    say("Back to the question before");
  }
}

function redo() {
  const { question } = state;
  const after = question?.redo.pop();
  if (after) {
    question.undo.push({ spans: question.spans, selection: question.selection, asked: question.asked, said: question.said });
    Object.assign(question, after);
  } else if (question?.revisited && state.ahead.length && !question.undo.length) {
    state.past.push(state.ahead.pop());
    next();
    const following = state.ahead.at(-1);
    if (following && state.question?.task.id === following.task.id) state.question.revisited = true;
  }
}

function label(name) {
  const { question } = state;
  if (!question || question.asked !== undefined) return;
  if (!question.selection) return say("Choose words first");
  let [start, end] = range();
  const place = end - start === 1 ? at(question.spans, start) : -1;
  if (place >= 0) [start, end] = question.spans[place];
  change(put(question.spans, start, end, name), [start, end - 1]);
  say(`${question.task.words.slice(start, end).join(" ")}: ${name}`);
}

// A click on a label: it labels what is selected, or from now on whatever is touched.
function use(name) {
  state.finding = null;
  if (state.brush === name) state.brush = null;
  else if (state.brush === null && state.question?.picked) label(name);
  else state.brush = name;
}

function remove() {
  const [start, end] = range();
  change(drop(state.question.spans, start, end));
  say("Removed");
}

function markEverywhere() {
  const { question } = state;
  const place = at(question.spans, range()[0]);
  if (place < 0) return say("Mark an entity first");
  const [start, end, name] = question.spans[place];
  const before = question.spans.length;
  change(everywhere(question.task.words, question.spans, start, end, name));
  say(`${question.spans.length - before} more marked`);
}

function toggleSuggestions() {
  const { question } = state;
  state.hidden = !state.hidden;
  if (question && question.asked === undefined) {
    const own = question.spans.filter((span) => span[3] === "me");
    const back = question.suggested.filter(([start, end]) => own.every((span) => span[1] <= start || end <= span[0]));
    change(state.hidden ? own : [...own, ...back].sort((one, two) => one[0] - two[0]));
  }
}

// --- the pointer

const pointer = {
  down(event) {
    const { question } = state;
    if (!question || event.button) return;
    const word = wordAt(event);
    if (word === null) return void (Object.assign(question, { selection: null, picked: false }), draw());
    drag = { id: event.pointerId, before: question.selection };
    go(word, event.shiftKey);
    draw();
    event.target.setPointerCapture?.(event.pointerId);
    if (event.pointerType === "mouse") event.preventDefault();
    document.getElementById("text").focus({ preventScroll: true });
  },
  move(event) {
    if (!drag || drag.id !== event.pointerId) return;
    const word = wordAt(event);
    if (word === null || word === state.question.selection[1]) return;
    go(word, true);
    draw();
  },
  up(event) {
    if (!drag || drag.id !== event.pointerId) return;
    const { before } = drag;
    drag = null;
    const { question } = state;
    const [start, end] = range();
    const place = end - start === 1 ? at(question.spans, start) : -1;
    if (event.type !== "pointerup") question.selection = before; // the finger scrolled
    else if (state.brush) label(state.brush);
    else if (place >= 0) question.selection = [question.spans[place][0], question.spans[place][1] - 1];
    draw();
  },
  twice() {
    if (marked()) remove(), draw();
  },
};

// Whether the selection is in an entity that can be changed.
const marked = () => {
  const { question } = state;
  return question?.selection && question.asked === undefined && at(question.spans, range()[0]) >= 0;
};

// --- keys

const actions = {
  accept, skip, undo, redo, remove, everywhere: markEverywhere, suggestions: toggleSuggestions,
  left: () => move(-1, false), right: () => move(1, false), extend_left: () => move(-1, true),
  extend_right: () => move(1, true), up: () => line(-1), down: () => line(1), first: () => go(0, false),
  last: () => go(Infinity, false), next_entity: () => jump(1), previous_entity: () => jump(-1),
  grow: () => change(resize(state.question.spans, range()[0], 1, state.question.task.words.length)),
  shrink: () => change(resize(state.question.spans, range()[0], -1, state.question.task.words.length)),
  yes: () => judge(true), no: () => judge(false), labels: () => (state.finding = ""), help: () => (state.help = !state.help),
  cancel: () => Object.assign(state, { help: false, brush: null, finding: null, notice: "" }),
};
const ALWAYS = ["help", "cancel", "undo", "redo"];

function bindKeys() {
  const map = {};
  for (const [action, keys] of Object.entries(state.config.keys)) {
    for (const key of keys) map[key] = (event) => press(event, action, () => actions[action]());
  }
  state.config.labels.slice(0, 20).forEach((name, number) => {
    // By the place of the key too: where digits need Shift, the key is the same.
    const digit = (number + 1) % 10;
    const key = number < 10 ? `(${digit}|Digit${digit})` : `Shift+Digit${digit}`;
    map[key] = (event) => press(event, "label", () => label(name));
  });
  tinykeys(window, map);
}

function press(event, action, work) {
  const target = event.target;
  const typing = target.matches?.("input, textarea, select");
  const clicking = target.matches?.("button, summary, a") && ["Enter", " "].includes(event.key);
  if (typing || clicking || (state.help && !["help", "cancel"].includes(action))) return;
  if (!state.question && !ALWAYS.includes(action)) return;
  event.preventDefault();
  act(work);
}

// Do something now, or after the answer that is on its way: nothing that is typed is lost.
const later = [];

function act(work) {
  if (state.busy) return void later.push(work);
  Promise.resolve(work()).then(() => {
    draw();
    while (later.length && !state.busy) act(later.shift());
  });
  draw();
}

// The same for a click; afterwards keys go to the text again.
function click(work) {
  act(work);
  document.getElementById("text")?.focus({ preventScroll: true });
}

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
  if (!question) return html`<${Empty} />`;
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
    ${task.windows.length ? html`<p class="hint">Only the underlined words are asked about; grey words are context.</p>` : null}
    ${state.differences ? html`<${Variants} take=${(spans) => click(() => change(spans))} />` : null}
    ${asking ? null : html`<div class="tools" role="toolbar" aria-label="The chosen entity">${tools.map(([action, name]) => button(action, name, "plain"))}</div>`}
    <footer>
      ${asking ? [button("yes", "Yes", "primary"), button("no", "No", "")] : button("accept", question.spans.length ? "Accept" : "Nothing here", "primary")}
      ${button("skip", "Skip")}<span class="stretch"></span>${button("undo", "Undo", "plain")}${button("redo", "Redo", "plain")}
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
      ${state.agreement ? html`<${Agreement} numbers=${state.agreement} left=${state.left} />` : html`<${Progress} status=${status} />${status ? html`<${Outlook} outlook=${status.outlook} labels=${config.labels} />` : null}`}
    </aside>
    ${state.help ? html`<${Help} config=${config} close=${() => ((state.help = false), draw())} />` : null}
  </div>`;
}

function draw() {
  render(html`<${App} />`, document.getElementById("app"));
}

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
  outbox = new Outbox(state.config.run);
  drafts = new Drafts(state.config.run);
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
