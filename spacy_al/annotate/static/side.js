// What stands beside the text: progress, the model's news, guidelines and keys.

import { h } from "./vendor/preact-11.2.0.js";
import htm from "./vendor/htm-3.1.1.js";
import { colour } from "./text.js";

const html = htm.bind(h);

const NAMES = {
  accept: "Accept and go on", skip: "Skip", undo: "Undo", redo: "Redo", left: "Word before", right: "Next word",
  extend_left: "Select backwards", extend_right: "Select forwards", up: "Line up", down: "Line down",
  first: "First word", last: "Last word", next_entity: "Next entity", previous_entity: "Entity before",
  remove: "Remove entity", grow: "Entity one word longer", shrink: "Entity one word shorter",
  everywhere: "Mark every occurrence", labels: "Find a label", suggestions: "Show or hide suggestions", yes: "Yes", no: "No",
  help: "These keys", cancel: "Unselect, close",
};

const SIGNS = {
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Control: "Ctrl", Enter: "Enter", Meta: "⌘",
  Escape: "Esc", Backspace: "⌫", Delete: "Del", Shift: "Shift",
};

export const sign = (key) => {
  const parts = key === "+" ? ["+"] : key.split("+");
  const shown = parts.map((part) => SIGNS[part] || (part.length === 1 ? part.toUpperCase() : part));
  return shown.length > 1 && shown.at(-1) === "?" ? "?" : shown.join(" ");
};

export const Key = ({ keys }) => (keys?.length ? html`<kbd>${sign(keys[0])}</kbd>` : null);

const DOING = {
  starting: "Starting", loading: "Loading texts and model", seed: "Choosing the first questions", train: "Learning from your answers",
  evaluate: "Measuring", score: "Reading the texts for the next questions", select: "Choosing questions",
  saving: "Saving the model", waiting: "", done: "", ended: "",
};

export function Progress({ status }) {
  if (!status || status.phase === "new") return null;
  const training = status.training || {};
  const doing = DOING[training.phase] ?? training.phase;
  const share = training.total ? Math.min(100, Math.round((100 * training.done) / training.total)) : null;
  const seconds = status.seconds == null ? "–" : `${status.seconds < 10 ? status.seconds.toFixed(1) : Math.round(status.seconds)} s`;
  return html`<section class="panel" aria-labelledby="progress-title">
    <h2 id="progress-title">Progress</h2>
    <dl class="figures">
      <div><dt>answered</dt><dd id="answered">${status.answered}</dd></div>
      <div><dt>a question</dt><dd>${seconds}</dd></div>
      <div><dt>rounds learnt</dt><dd id="round">${status.round}</dd></div>
    </dl>
    ${status.phase === "done" ? null : html`<${Bar} label="Answers for the next round" value=${Math.min(status.fresh, status.enough)} total=${status.enough} />`}
    ${doing ? html`<p class="doing"><span class="dot" aria-hidden="true"></span>${doing}${share === null ? "" : ` · ${share} %`}</p>` : html`<p class="doing quiet">${status.phase === "done" ? "The model is ready" : "The model waits for your answers"}</p>`}
    ${training.problem ? html`<p class="problem">${training.problem}</p>` : null}
    ${(status.lines || []).length ? html`<details><summary>More about this run</summary>${status.lines.map((line) => html`<p>${line}</p>`)}</details>` : null}
  </section>`;
}

function Bar({ label, value, total }) {
  return html`<div class="meter"><div class="meter-label"><span>${label}</span><span>${value} of ${total}</span></div>
    <progress max=${total || 1} value=${value} aria-label=${label}></progress></div>`;
}

export function Guidelines({ config }) {
  const known = config.labels.filter((label) => config.descriptions[label]);
  if (!config.guidelines && !known.length) return null;
  return html`<section class="panel" aria-labelledby="guide-title">
    <h2 id="guide-title">Guidelines</h2>
    <div class="prose" dangerouslySetInnerHTML=${{ __html: config.guidelines }}></div>
  </section>`;
}

export function Agreement({ numbers, left }) {
  const percent = (value) => (value == null ? "–" : (100 * value).toFixed(0));
  return html`<section class="panel"><h2>Agreement</h2>
    <dl class="figures">
      <div><dt>in common</dt><dd>${numbers.sentences}</dd></div>
      <div><dt>span F1</dt><dd id="span-f1">${percent(numbers.span_f1)}</dd></div>
      <div><dt>kappa</dt><dd>${numbers.kappa == null ? "–" : numbers.kappa.toFixed(2)}</dd></div>
    </dl>
    <p class="doing quiet">${left} to settle</p></section>`;
}

export function Help({ config, close }) {
  const rows = Object.entries(config.keys).filter(([action]) => config.one_by_one || !["yes", "no"].includes(action));
  return html`<div class="veil" onClick=${close}>
    <div class="card help" role="dialog" aria-modal="true" aria-labelledby="help-title" onClick=${(event) => event.stopPropagation()}>
      <header><h2 id="help-title">Keys</h2><button class="plain" onClick=${close} aria-label="Close">Close <kbd>Esc</kbd></button></header>
      <dl class="keys">
        <div><dt><kbd>1</kbd> … <kbd>9</kbd> <kbd>0</kbd></dt><dd>Label the selection, or relabel the entity</dd></div>
        ${config.labels.length > 10 ? html`<div><dt><kbd>Shift 1</kbd> … <kbd>0</kbd></dt><dd>Labels 11 to 20</dd></div>` : null}
        ${rows.map(([action, keys]) => html`<div><dt>${keys.filter((key) => !key.includes("Meta")).map((key) => html`<kbd>${sign(key)}</kbd> `)}</dt><dd>${NAMES[action] || action}</dd></div>`)}
      </dl>
      <p>With the mouse: drag over words, then click a label. Click beside the words, then a label, to paint with it. On a touch screen, drag sideways.</p>
    </div></div>`;
}

// The keys that most questions need, under the question; on a touch screen, what fingers do.
export function Legend({ config, suggestions }) {
  const { keys } = config;
  const last = Math.min(config.labels.length, 10) % 10;
  const first = config.labels.length === 1 ? "" : html` … <kbd>${last}</kbd>`;
  return html`<p class="legend keyboard" aria-hidden="true">
      <span><${Key} keys=${keys.left} /><${Key} keys=${keys.right} /> move</span><span><${Key} keys=${keys.extend_right} /> widen</span>
      <span><kbd>1</kbd>${first} label</span><span><${Key} keys=${keys.next_entity} /> to the next entity</span>
      <span><${Key} keys=${keys.accept} /> next</span>${suggestions ? html`<span class="dashed">dashed: the model's idea</span>` : null}</p>
    <p class="legend touch" aria-hidden="true">Tap a word, or drag sideways over several, then tap a label.${suggestions ? " Dashed: the model's idea." : ""}</p>`;
}

// Buttons of the labels; with many of them, or by a key, a field finds one by its letters.
export function Labels({ config, state, draw, use }) {
  const { labels, descriptions } = config;
  const wanted = (state.finding || "").toLowerCase();
  const shown = labels.filter((label) => label.toLowerCase().includes(wanted));
  const shut = () => {
    state.finding = null;
    draw();
    document.getElementById("text")?.focus({ preventScroll: true });
  };
  const typed = (event) => {
    if (event.key === "Enter" && shown.length) use(shown[0]);
    else if (event.key !== "Escape") return;
    event.preventDefault();
    shut();
  };
  return html`<div class="labels ${labels.length > 10 ? "many" : ""}" role="toolbar" aria-label="Labels">
    ${state.finding !== null
      ? html`<input id="find" aria-label="Find a label" placeholder="Find a label, Enter" autocomplete="off" value=${state.finding}
          ref=${(field) => field?.focus()} onKeyDown=${typed} onInput=${(event) => ((state.finding = event.target.value), draw())} />`
      : labels.length > 10 ? html`<button class="plain" onClick=${() => ((state.finding = ""), draw())}>Find one of ${labels.length} <${Key} keys=${config.keys.labels} /></button>` : null}
    <div class="choices">${shown.map((label) => {
      const number = labels.indexOf(label);
      const key = number < 10 ? String((number + 1) % 10) : number < 20 ? `⇧${(number + 1) % 10}` : "";
      return html`<button key=${label} class="label ${colour(labels, label)}" aria-pressed=${state.brush === label}
        title=${descriptions[label] || ""} onClick=${() => use(label)}>
        ${key ? html`<kbd>${key}</kbd>` : null}<span>${label}</span></button>`;
    })}</div></div>`;
}
