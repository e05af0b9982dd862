// The page: its state, what each key and click does to it, and drawing it anew after every change.

import { h, render } from "./vendor/preact-11.2.0.js";
import htm from "./vendor/htm-3.1.1.js";
import { tinykeys } from "./vendor/tinykeys-3.1.0.js";
import { at, drop, everywhere, plain, put, resize } from "./edit.js";
import { Outlook } from "./outlook.js";
import { Agreement, Guidelines, Help, Key, Labels, Legend, Progress } from "./side.js";
import { Text, colour, wordAt } from "./text.js";
import { Outbox, annotator, get, post, settling } from "./wire.js";

const html = htm.bind(h);
const AHEAD = 5; // questions held, so that the next one is there at once and some are left without a connection
const IDLE = 120; // seconds after which nobody is thought to be at work on a question

const state = {
  config: null, status: null, question: null, queue: [], past: [], ahead: [], brush: null, help: false, hidden: false,
  notice: "", busy: false, offline: false, differences: null, done: 0, theme: localStorage.getItem("al:theme") || "",
};
let outbox = null;
let drag = null;

// --- questions

function open(task, kept) {
  const shown = task.spans || [];
  const suggested = shown.map(([start, end, label]) => [start, end, label, "model"]);
  const first = task.windows.length ? task.windows[0][0] : 0;
  const byOne = state.config.one_by_one && suggested.length && !task.windows.length;
  const question = {
    task, suggested, spans: state.hidden && !byOne ? [] : suggested, selection: [first, first], undo: [], redo: [],
    seconds: 0, since: Date.now(), ...(byOne ? { asked: 0, said: [] } : {}), ...kept,
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

async function exchange() {
  const amount = settling ? 0 : Math.max(AHEAD - state.queue.length, 0);
  const value = await outbox.exchange(waiting(), amount);
  state.offline = outbox.offline;
  if (value) {
    const have = new Set(waiting());
    state.queue.push(...value.tasks.filter((task) => !have.has(task.id)));
    if (value.problem) state.notice = value.problem;
    if (state.status && value.fresh !== undefined) state.status = { ...state.status, fresh: value.fresh };
  }
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
  state.busy = true;
  const was = state.offline;
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

function range() {
  const { question } = state;
  const [one, two] = question.selection || [0, 0];
  return [Math.min(one, two), Math.max(one, two) + 1];
}

function label(name) {
  const { question } = state;
  if (!question || question.asked !== undefined) return;
  let [start, end] = range();
  const place = end - start === 1 ? at(question.spans, start) : -1;
  if (place >= 0) [start, end] = question.spans[place];
  change(put(question.spans, start, end, name), [start, end - 1]);
  say(`${question.task.words.slice(start, end).join(" ")}: ${name}`);
}

function use(name) {
  const { question } = state;
  if (state.brush === name) state.brush = null;
  else if (question?.selection && question.picked) label(name), (question.picked = false);
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

// --- moving

function move(step, extend) {
  const { question } = state;
  if (!question) return;
  if (getComputedStyle(document.getElementById("text")).direction === "rtl") step = -step;
  go((question.selection || [0, 0])[1] + step, extend);
}

function go(word, extend) {
  const { question } = state;
  const head = Math.max(0, Math.min(question.task.words.length - 1, word));
  question.selection = extend ? [(question.selection || [head])[0], head] : [head, head];
  question.picked = true;
}

function line(step) {
  const { question } = state;
  const here = document.getElementById(`w${(question.selection || [0, 0])[1]}`).getBoundingClientRect();
  const middle = (here.left + here.right) / 2;
  let best = null;
  for (const word of document.querySelectorAll("#text .word")) {
    const box = word.getBoundingClientRect();
    const rows = Math.round(((box.top - here.top) * step) / here.height);
    if (rows < 1) continue;
    const far = [rows, Math.abs((box.left + box.right) / 2 - middle)];
    if (!best || far[0] < best.far[0] || (far[0] === best.far[0] && far[1] < best.far[1])) best = { far, word };
  }
  if (best) go(Number(best.word.dataset.word), false);
}

function jump(step) {
  const { question } = state;
  const here = range()[0];
  const starts = question.spans.map(([start]) => start).filter((start) => (start - here) * step > 0);
  if (!starts.length) return;
  const start = step > 0 ? Math.min(...starts) : Math.max(...starts);
  const [, end] = question.spans[at(question.spans, start)];
  question.selection = [start, end - 1];
}

// --- the pointer

const pointer = {
  down(event) {
    const word = wordAt(event);
    if (word === null || event.button || !state.question) return;
    drag = { id: event.pointerId, moved: false };
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
    drag.moved = true;
    go(word, true);
    draw();
  },
  up(event) {
    if (!drag || drag.id !== event.pointerId) return;
    drag = null;
    if (event.type !== "pointerup") return;
    const [start, end] = range();
    const place = end - start === 1 ? at(state.question.spans, start) : -1;
    if (state.brush) label(state.brush);
    else if (place >= 0) state.question.selection = [state.question.spans[place][0], state.question.spans[place][1] - 1];
    draw();
  },
  twice() {
    if (state.question && at(state.question.spans, range()[0]) >= 0) remove(), draw();
  },
};

// --- keys

const actions = {
  accept, skip, undo, redo, remove, everywhere: markEverywhere, suggestions: toggleSuggestions,
  left: () => move(-1, false), right: () => move(1, false), extend_left: () => move(-1, true),
  extend_right: () => move(1, true), up: () => line(-1), down: () => line(1), first: () => go(0, false),
  last: () => go(Infinity, false), next_entity: () => jump(1), previous_entity: () => jump(-1),
  grow: () => change(resize(state.question.spans, range()[0], 1, state.question.task.words.length)),
  shrink: () => change(resize(state.question.spans, range()[0], -1, state.question.task.words.length)),
  yes: () => judge(true), no: () => judge(false), help: () => (state.help = !state.help),
  cancel: () => ((state.help = false), (state.brush = null), (state.notice = "")),
};
const ALWAYS = ["help", "cancel", "undo", "redo"];

function bindKeys() {
  const map = {};
  for (const [action, keys] of Object.entries(state.config.keys)) {
    for (const key of keys) map[key] = (event) => press(event, action, () => actions[action]());
  }
  state.config.labels.slice(0, 20).forEach((name, number) => {
    const digit = (number + 1) % 10;
    const key = number < 10 ? String(digit) : `Shift+Digit${digit}`;
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

function say(text) {
  document.getElementById("live").textContent = text;
}

const possible = {
  undo: () => state.question?.undo.length || state.past.length,
  redo: () => state.question?.redo.length || (state.question?.revisited && state.ahead.length && !state.question.undo.length),
};
const button = (action, name, kind) => html`<button class=${kind || ""} id=${action} disabled=${!(possible[action] || (() => state.question))()}
  onClick=${() => click(actions[action])}>${name} <${Key} keys=${state.config.keys[action]} /></button>`;

function Card() {
  const { question, config } = state;
  if (!question) return html`<${Empty} />`;
  const { task } = question;
  const asking = question.asked !== undefined;
  const span = asking && question.suggested[question.asked];
  const suggestions = question.suggested.length > 0;
  return html`<section class="card question" aria-label="Question">
    <header>
      <p class="where">${task.source || "Sentence"}${question.revisited ? html` · <b>changed answer replaces the old one</b>` : null}</p>
      ${suggestions && !asking ? html`<button class="plain" id="suggestions" aria-pressed=${!state.hidden} onClick=${() => click(toggleSuggestions)}>
        ${state.hidden ? "Show suggestions" : "Hide suggestions"} <${Key} keys=${config.keys.suggestions} /></button>` : null}
    </header>
    ${asking
      ? html`<p class="ask">Is <b>${task.words.slice(span[0], span[1]).join(" ")}</b> here <span class="label still ${colour(config.labels, span[2])}">${span[2]}</span>?</p>`
      : html`<${Labels} config=${config} question=${question} brush=${state.brush} use=${(name) => click(() => use(name))} />`}
    ${task.before ? html`<p class="around before" dir="auto">${task.before}</p>` : null}
    <${Text} question=${question} labels=${config.labels} on=${pointer} />
    ${task.after ? html`<p class="around after" dir="auto">${task.after}</p>` : null}
    ${task.windows.length ? html`<p class="hint">Only the underlined words are asked about; grey words are context.</p>` : null}
    ${state.differences ? html`<${Variants} />` : null}
    <footer>
      ${asking ? [button("yes", "Yes", "primary"), button("no", "No", "")] : button("accept", question.spans.length ? "Accept" : "Nothing here", "primary")}
      ${button("skip", "Skip")}<span class="stretch"></span>${button("undo", "Undo", "plain")}${button("redo", "Redo", "plain")}
    </footer>
  </section>
  ${asking ? null : html`<${Legend} config=${config} suggestions=${suggestions && !state.hidden} />`}`;
}

function Variants() {
  const row = state.differences.find((one) => one.task.id === state.question.task.id);
  const { words } = state.question.task;
  return html`<div class="variants">${(row?.answers || []).map((answer) => html`<div class="variant">
    <b>${answer.annotator || "unnamed"}</b>
    <span>${answer.spans.length ? answer.spans.map(([start, end, name]) => html`<span class="label still ${colour(state.config.labels, name)}">${words.slice(start, end).join(" ")} · ${name}</span> `) : "no entities"}</span>
    <button onClick=${() => (change(answer.spans.map((span) => [...span, "me"])), draw())}>Take this</button></div>`)}</div>`;
}

function Empty() {
  const phase = state.status?.phase;
  const { name } = state.config;
  if (settling) return html`<section class="card empty"><h2>Nothing to settle</h2><p>No two people differ on a sentence.</p></section>`;
  if (phase === "done") {
    return html`<section class="card empty"><h2>This run is finished</h2>
      <p>The model is in the run's folder. Load it in Python:</p><pre>spacy.load("${name}/model")</pre></section>`;
  }
  const starting = !state.status || ["new", "starting", "loading"].includes(state.status.training?.phase || "new");
  return html`<section class="card empty" aria-busy="true"><div class="wheel" aria-hidden="true"></div>
    <h2>${starting ? "Getting ready" : "The next questions are on their way"}</h2>
    <p>${starting ? "Texts and model are being loaded." : "The model learns from your answers and looks for what it does not know yet."}</p></section>`;
}

function Ask() {
  const begin = async (event) => {
    event.preventDefault();
    const labels = event.target.elements.labels.value;
    state.beginning = true;
    draw();
    try {
      const response = await post("/api/labels", { labels }, 600000);
      if (response.ok) return location.reload();
      state.notice = (await response.json()).problem;
    } catch {
      state.notice = "The server does not answer. Look at the terminal in which it was started.";
    }
    state.beginning = false;
    draw();
  };
  return html`<main class="alone"><form class="card narrow" onSubmit=${begin}>
    <h1>What do you want to find?</h1>
    <label for="labels">Names of labels, with commas between them</label>
    <input id="labels" name="labels" placeholder="PERSON, PLACE" autocomplete="off" autofocus required maxlength="2000" />
    ${state.notice ? html`<p class="problem" role="alert">${state.notice}</p>` : null}
    <button class="primary" type="submit" disabled=${state.beginning}>${state.beginning ? "Reading your texts …" : "Begin"}</button></form></main>`;
}

function App() {
  const { config, status } = state;
  if (!config.labels.length) return html`<${Ask} />`;
  const kept = outbox.rows.length;
  return html`<div class="page">
    <header class="top">
      <h1>${config.name}</h1>${annotator ? html`<span class="who">${annotator}</span>` : null}<span class="stretch"></span>
      ${status?.fresh ? html`<button class="plain" id="train" onClick=${() => post("/api/train", {})}>Learn now</button>` : null}
      <button class="plain" onClick=${theme} aria-label="Light or dark">${dark() ? "Light" : "Dark"}</button>
      <button class="plain" id="help" onClick=${() => ((state.help = true), draw())}>Keys <kbd>?</kbd></button>
    </header>
    ${state.offline ? html`<p class="banner" role="alert">No connection. ${kept} ${kept === 1 ? "answer is" : "answers are"} kept here and sent when it is back.</p>` : null}
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
  localStorage.setItem("al:theme", state.theme);
  document.documentElement.dataset.theme = state.theme;
  draw();
}

// --- beginning

async function settle() {
  const found = await get("/api/differences");
  state.agreement = found.agreement;
  state.left = found.left;
  state.differences = found.differences;
  const have = new Set(waiting());
  state.queue.push(...found.differences.filter((row) => !have.has(row.task.id)).map((row) => ({ ...row.task, spans: row.answers[0].spans })));
}

async function look() {
  try {
    state.status = await get("/api/status");
    if (settling) await settle();
    else if (state.offline || !state.question || outbox.rows.length) await exchange();
    if (!state.question) next();
  } catch {
    state.offline = true;
  }
  draw();
  const busy = state.status?.training?.phase !== "waiting" || !state.question;
  setTimeout(look, busy ? 1000 : 3000);
}

async function start() {
  if (state.theme) document.documentElement.dataset.theme = state.theme;
  state.config = await get("/api/start");
  document.title = `${state.config.name} · label`;
  outbox = new Outbox(state.config.name);
  draw();
  if (!state.config.labels.length) return;
  bindKeys();
  if (!settling) await exchange();
  next();
  draw();
  look();
}

document.addEventListener("visibilitychange", () => {
  const { question } = state;
  if (!question) return;
  if (document.hidden) question.seconds = elapsed(question);
  else question.since = Date.now();
});

start();
