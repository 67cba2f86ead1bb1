import type { ApiCommand, CommandContext } from './command.js';
import { Parameters } from './parameters.js';
import { Refusal, type ApiFault } from './refusal.js';
import { pickOtherCommand } from './registry.js';
import type { XmlElement } from './xml.js';
import type { FaultRule } from './faults.js';

/** A command carried out or refused: what its answer says. */
export interface Execution {
  requestedCommand: string;
  faults: readonly ApiFault[];
  elements: readonly XmlElement[] | null;
  certificateId: number | null;
}

const CALCULATION_ERROR: ApiFault = {
  number: 2528166,
  text: 'ORDER CREATION FAILED; Failed to Create Order;;Oops! Internal error occurred while creating order. Please try again. ... Error Details:-CALCULATIONERROR',
};

/** The spelling of the answer: ssl.* has its own, users.* repeats the caller's. */
function spellCommand(command: ApiCommand, parameters: Parameters): string {
  const isUsers = command.name.startsWith('namecheap.users.');
  return (isUsers ? parameters.get('Command') : null) ?? command.name;
}

export async function execute(
  command: ApiCommand,
  context: CommandContext,
  parameters: Parameters,
): Promise<Execution> {
  const requestedCommand = spellCommand(command, parameters);
  try {
    const { elements, certificateId = null } = await command.run(context, parameters);
    return { requestedCommand, faults: [], elements, certificateId };
  } catch (error) {
    const faults =
      error instanceof Refusal ? error.faults : [{ number: 5050900, text: 'Unhandled exceptions' }];
    return { ...refuse(command, parameters, faults), requestedCommand };
  }
}

/** The command's zero-filled answer, without running it. */
export function refuse(command: ApiCommand, parameters: Parameters, faults: readonly ApiFault[]): Execution {
  const id = Number(parameters.get('CertificateID') ?? NaN);
  return {
    requestedCommand: spellCommand(command, parameters),
    faults,
    elements: command.refuse(parameters),
    certificateId: Number.isSafeInteger(id) ? id : null,
  };
}

/** Refused before the command was looked at: the short envelope. */
export function refuseCall(faults: readonly ApiFault[]): Execution {
  return { requestedCommand: '', faults, elements: null, certificateId: null };
}

/** Applies the faults that keep the answer well-formed and change what it says. */
export async function distort(
  rule: FaultRule,
  command: ApiCommand,
  context: CommandContext,
  execution: Execution,
): Promise<Execution> {
  const { certificateId } = execution;
  const none = new Parameters([]);
  if (rule.fault === 'other-command') {
    return { ...(await execute(pickOtherCommand(command), context, none)), certificateId };
  }
  if (rule.fault === 'order-error-after-charge' && execution.faults.length === 0) {
    const { OrderId = 0, TransactionId = 0 } = execution.elements?.[0]?.attributes ?? {};
    const elements = command.refuse(none).map((zero) => ({
      ...zero,
      attributes: { ...zero.attributes, OrderId, TransactionId },
    }));
    return { ...execution, faults: [CALCULATION_ERROR], elements };
  }
  return execution;
}
