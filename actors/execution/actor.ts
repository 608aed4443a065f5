import type { Behavior, Exit, InboxMessage, Next } from '#runtime';
import { childResult } from './children.ts';
import { cancelRun, endWithErrorWorkflow } from './ending.ts';
import { flush } from './drive.ts';
import { lookUpAgain } from './error-workflow.ts';
import { nodeCrashed, nodeDone, resumeFromInbox, wake } from './results.ts';
import { committed } from './commit.ts';
import type { Execution, Surroundings } from './execution.ts';
import { openExecution } from './open.ts';
import type { ExecutionArgs, ExecutionMessage } from './protocol.ts';
import { beginTurn, letGo } from './turn.ts';

/**
 * One live execution: folds events, performs what the language asks for, and owns the node actors. It never awaits:
 * nodes and commits report back as messages, so a cancel is always seen.
 *
 *   Started -> [runNode] -> node actor -> node.done -> settle -> event -> transition -> [runNode …] -> finish -> commit
 */
export function executionActor(args: ExecutionArgs, surroundings: Surroundings): Behavior<ExecutionMessage, Execution> {
  return {
    kind: 'execution',
    init: (context) => openExecution(args, surroundings, context),
    receive: (execution, message) => receive(execution, message),
    childExited: (execution, exit) => nodeExited(execution, exit),
    stopping: (execution) => execution.release(),
    inspect: (execution) => ({
      executionId: execution.args.executionId,
      workflow: execution.args.workflow.name,
      status: execution.run.status,
      committedSeq: execution.ledger.committedSeq,
      pendingEvents: execution.ledger.pending.length,
    }),
  };
}

const SAME: Next<Execution> = { kind: 'same' };
const STOP: Next<Execution> = { kind: 'stop' };

function receive(execution: Execution, message: ExecutionMessage): Next<Execution> {
  execution.services.faults.at('execution.receive', execution.args.executionId);
  switch (message.type) {
    case 'node.done':
      nodeDone(execution, message);
      break;
    case 'node.slow':
      flush(execution);
      break;
    case 'committed':
      committed(execution, message.outcome);
      break;
    case 'commit.failed':
      // Nobody knows whether the commit happened: this state must not go on. The shard reloads from the journal.
      execution.line.unsure();
      return STOP;
    case 'wake':
      wake(execution, message);
      break;
    case 'granted':
      beginTurn(execution);
      break;
    case 'queuedLong':
      letGo(execution);
      break;
    case 'inbox':
      for (const letter of message.messages) answer(execution, letter);
      break;
    case 'errorWorkflow':
      endWithErrorWorkflow(execution, message);
      break;
    case 'errorWorkflow.failed':
      lookUpAgain(execution, message.error);
      break;
    case 'cancel':
      cancelRun(execution, message.reason);
      break;
    case 'timeout':
      cancelRun(
        execution,
        `it ran longer than its time limit of ${execution.args.workflow.settings.executionTimeoutSeconds} s`,
      );
      break;
    case 'passivate':
      if (execution.idle()) return STOP;
      break;
  }
  if (execution.over) return STOP;
  if (execution.idle()) execution.line.sleepy();
  return SAME;
}

function answer(execution: Execution, letter: InboxMessage): void {
  switch (letter.kind) {
    case 'resume':
    case 'signal':
      return resumeFromInbox(execution, letter);
    case 'child':
      return childResult(execution, letter);
    case 'cancel':
      return cancelRun(
        execution,
        typeof letter.payload === 'string' ? letter.payload : 'canceled by a message',
        letter,
      );
  }
}

/** A node actor that ends without reporting has crashed: that is a failure of its node, not of the run's actor. */
function nodeExited(execution: Execution, exit: Exit): Next<Execution> {
  const running = execution.nodes.get(exit.name);
  if (!running) return SAME;
  execution.nodes.delete(exit.name);
  if (exit.reason.kind === 'crashed' && !execution.terminal()) {
    nodeCrashed(execution, running, exit.reason.error);
  }
  return execution.over ? STOP : SAME;
}
