// Is it good enough, is it worth going on, when to stop: what the run says to each, drawn.

import { h } from "./vendor/preact-11.2.0.js";
import htm from "./vendor/htm-3.1.1.js";
import { colour } from "./text.js";

const html = htm.bind(h);
const FEW = 50; // entities
const points = (f) => (100 * f).toFixed(1);
const sum = (f) => `${f < 0 ? "−" : "+"}${points(Math.abs(f))}`;
const span = ({ low, high }) => `${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)}`;

export function Outlook({ outlook, labels, over }) {
  if (!outlook) {
    return html`<section class="panel" aria-labelledby="good-title"><h2 id="good-title">Is it good enough?</h2>
      <p class="doing quiet">After the first round this says how good the model is, and how sure that is. Some questions are drawn
      at random for it: the model never learns from them, and they come without suggestions.</p></section>`;
  }
  const { held, test } = outlook;
  return html`<section class="panel outlook" aria-label="How good the model is">
    <h2>Is it good enough?</h2>
    ${held ? html`<${Held} held=${held} />`
      : html`<p class="basis">${test == null ? "No estimate yet: the random sentences without suggestions tell, and too few are answered." : "The holdout has no answers with entities yet."}</p>`}
    ${test != null ? html`<p class="basis">F1 on the test set: <b>${points(test)}</b></p>` : null}
    <${Curve} curve=${outlook.curve} expected=${outlook.expected} />
    ${held?.entities >= FEW && outlook.types.length > 1 ? html`<dl class="types">${outlook.types.filter((one) => one.f != null).map((one) => html`<${Type} one=${one} labels=${labels} />`)}</dl>` : null}
    <h2>Is it worth going on?</h2>
    ${outlook.expected.length ? html`<dl class="expected">${outlook.expected.map((one) => html`<div><dt>${one.what.replace("the next", "Next")}</dt>
      <dd><b>${points(one.f)}</b> ${span(one)}</dd><dd class="gain">${sum(one.gain_low)} to ${sum(one.gain_high)} against now</dd></div>`)}</dl>` : html`<p class="basis">No forecast yet: ${outlook.withheld}.</p>`}
    ${outlook.agreement == null ? null : html`<p class="basis">The last round changed ${(100 * (1 - outlook.agreement)).toFixed(1)} % of what the model finds.</p>`}
    <h2>When to stop?</h2>
    ${outlook.signs.length ? html`<p class="stop good" id="stop">Now is a good moment: ${outlook.signs.join("; ")}.</p>`
      : html`<p class="stop" id="stop">${over ? "It is over: this was the last round" : "Not yet: the model still changes from round to round"}.</p>`}
  </section>`;
}

// F1 on the holdout, large only where it can be trusted.
function Held({ held }) {
  const basis = `${held.entities} ${held.entities === 1 ? "entity" : "entities"} in ${held.sentences} random sentences it never learns from`;
  if (held.entities < FEW) {
    return html`<p class="basis" id="score"><b>Too early to say</b>: F1 is somewhere from ${span(held)}, by ${basis}. ${FEW} are the least.</p>`;
  }
  return html`<p class="score" id="score"><b>${points(held.f)}</b><span>F1, ${span(held)} with 95 % certainty</span></p><p class="basis">from ${basis}</p>`;
}

function Type({ one, labels }) {
  const at = (f) => 2 + 96 * f;
  return html`<div class=${colour(labels, one.label)}><dt title=${`${one.entities} entities`}>${one.label}</dt>
    <dd><svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label=${`${points(one.f)}, ${span(one)}`}>
      <path class="axis" d="M2 5H98" /><path class="span" d=${`M${at(one.low)} 5H${at(one.high)}`} /><path class="mark" d=${`M${at(one.f)} 1V9`} /></svg>
      <b>${(100 * one.f).toFixed(0)}</b></dd></div>`;
}

// F1 of each round against answers, with the band of its interval, and dashed what the next answers should bring.
function Curve({ curve, expected }) {
  if (curve.length < 2) return null;
  const last = curve.at(-1);
  const near = expected.filter((one) => one.answers <= Math.max(100, last.answers));
  const ahead = near.map((one) => ({ ...one, answers: last.answers + one.answers }));
  const all = [...curve, ...ahead];
  const floor = Math.floor(10 * Math.min(...all.map((one) => one.low ?? one.f), 0.9)) / 10;
  const most = Math.max(...all.map((one) => one.answers), 1);
  const place = (answers, f) => `${(26 + (228 * answers) / most).toFixed(1)},${(92 - (84 * (f - floor)) / (1 - floor)).toFixed(1)}`;
  const line = (some) => some.map((one) => place(one.answers, one.f)).join(" ");
  const band = (some) => [...some.map((one) => place(one.answers, one.high ?? one.f)), ...[...some].reverse().map((one) => place(one.answers, one.low ?? one.f))].join(" ");
  const ticks = [floor, (1 + floor) / 2, 1];
  const height = (f) => 92 - (84 * (f - floor)) / (1 - floor);
  return html`<figure class="curve">
    <svg viewBox="0 0 260 106" role="img" aria-label=${`F1 from ${points(curve[0].f)} to ${points(last.f)} with ${last.answers} answers`}>
      ${ticks.map((f) => html`<path class="axis" d=${`M26 ${height(f)}H254`} /><text x="20" y=${height(f) + 3} text-anchor="end">${Math.round(100 * f)}</text>`)}
      <polygon points=${band(curve)} />
      <polyline points=${line(curve)} />
      ${ahead.length ? html`<polygon class="ahead" points=${band([last, ...ahead])} /><polyline class="ahead" points=${line([last, ...ahead])} />` : null}
      <circle cx=${place(last.answers, last.f).split(",")[0]} cy=${place(last.answers, last.f).split(",")[1]} r="3" />
      <text x="26" y="104">0</text><text x="254" y="104" text-anchor="end">${most} answers</text>
    </svg>
  </figure>`;
}
