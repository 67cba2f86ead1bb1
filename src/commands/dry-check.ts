/** One line of a dry run. */
export interface DryCheck {
  check: string;
  ok: boolean;
  detail: string;
}
