// A button that acts only after it was held: nothing that may darken a house is one tap away.

import { css, html, LitElement, type TemplateResult } from "lit";
import { define } from "./define.js";

const HOLD = 1200; // ms
const ARMED = 5000;
const APART = 1000;

/** Dispatches `confirmed` after it was held, or, for those who cannot hold, pressed twice. */
export class HoldButton extends LitElement {
  static override properties = { label: {}, holding: {}, again: {}, state: { state: true } };
  declare label: string;
  declare holding: string;
  declare again: string;
  declare state: "idle" | "held" | "armed";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private armedAt = 0;
  private pointer = false;

  constructor() {
    super();
    this.state = "idle";
  }

  protected override render(): TemplateResult {
    const text = this.state === "held" ? this.holding : this.state === "armed" ? this.again : this.label;
    return html`<button class=${this.state} @pointerdown=${this.down} @pointerup=${this.up} @pointerleave=${this.up} @pointercancel=${this.up}
      @keydown=${this.key} @keyup=${this.up} @blur=${this.up} @click=${this.pressed} @contextmenu=${(event: Event) => event.preventDefault()}
      ><i></i><span aria-live="polite">${text}</span></button>`;
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.pointer = true;
    this.begin();
  }

  private key(event: KeyboardEvent): void {
    if ((event.key === " " || event.key === "Enter") && !event.repeat) {
      this.pointer = true; // the click that follows a key is not one of a screen reader
      this.begin();
    }
    if (event.key === " " || event.key === "Enter") event.preventDefault();
  }

  private begin(): void {
    if (this.state === "held") return;
    clearTimeout(this.timer);
    this.state = "held";
    this.timer = setTimeout(() => this.confirm(), HOLD);
  }

  private up(): void {
    if (this.state !== "held") return;
    clearTimeout(this.timer);
    this.state = "idle";
  }

  /** A click without a pointer or a key: of a screen reader or a switch. The first one arms, the second one acts. */
  private pressed(): void {
    if (this.pointer) {
      this.pointer = false;
      return;
    }
    const now = performance.now();
    if (this.state === "armed" && now - this.armedAt >= APART) {
      this.confirm();
    } else if (this.state !== "armed") {
      this.state = "armed";
      this.armedAt = now;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        this.state = "idle";
      }, ARMED);
    }
  }

  private confirm(): void {
    clearTimeout(this.timer);
    this.state = "idle";
    this.dispatchEvent(new CustomEvent("confirmed"));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  static override styles = css`
    button {
      position: relative;
      inline-size: 100%;
      min-block-size: 48px;
      padding: 4px 16px;
      border: 1px solid var(--stop);
      border-radius: 24px;
      background: none;
      color: var(--stop);
      font: inherit;
      font-weight: 500;
      overflow: hidden;
      touch-action: none;
      user-select: none;
      cursor: pointer;
    }
    i {
      position: absolute;
      inset: 0;
      background: color-mix(in oklab, var(--stop) 30%, transparent);
      transform: scaleX(0);
      transform-origin: left;
    }
    .held i {
      transform: scaleX(1);
      transition: transform 1.2s linear;
    }
    span {
      position: relative;
    }
    @media (prefers-reduced-motion: reduce) {
      .held i {
        transition: none;
      }
    }
    :focus-visible {
      outline: 2px solid var(--ha-color-focus, var(--act));
      outline-offset: 2px;
    }
  `;
}

define("smart-bms-hold", HoldButton);
