/** A role of people whose yes a stage of a phase needs before it is over. */
export interface Gate {
  phase: string;
  /** The stage at whose end it stands. */
  stage: string;
  role: string;
  /** How many people in this role have to say yes. */
  quorum: number;
}

/**
 * `asked`: people are waited for. `approved`: one of them said yes. `rejected`: one said no, and the run waits for its operator.
 * `left-out`: the run went on without a yes, on its operator's word.
 */
export type GateState = 'asked' | 'approved' | 'rejected' | 'left-out';

/** What the journal says of a gate, each time that somebody is asked or answers. */
export interface GateEntry extends Gate {
  type: 'gate';
  state: GateState;
  /** Who answered: recorded, not authenticated. Absent where the gate is asked. */
  by?: string;
  /** A comment on a yes, the reason of a no. */
  reason?: string;
  /** The plan that the answer names; absent where it names none. */
  planDigest?: string;
}

/** A gate with all that was said to it, oldest answer first. */
export interface GateRecord extends Gate {
  run: string;
  state: GateState;
  /** When it was asked last (ISO 8601). */
  askedAt: string;
  /** The sealed plan that the run follows: what a yes is for. */
  planDigest: string;
  answers: { said: Exclude<GateState, 'asked'>; by: string; at: string; reason?: string; planDigest?: string }[];
}
