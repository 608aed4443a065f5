// @ts-nocheck: plain JavaScript on purpose; a runner starts without type stripping and reads nothing but this folder.
/** Inside the isolate: what user code reads of its run: $input, $('X'), $node, $items, $now and the rest. */
(function () {
  'use strict';
  const { luxon } = globalThis;
  const search = globalThis.jmespath.search;
  const hidden = { node: 'test', production: 'production' };

  /** A failure in a reference to the run; shown without a line, as n8n shows it. */
  class ExpressionError extends Error {}
  Object.defineProperty(ExpressionError.prototype, 'name', { value: 'ExpressionError', configurable: true });

  function makeScene(scene, state) {
    const own = (table, key) => (Object.prototype.hasOwnProperty.call(table, key) ? table[key] : undefined);

    function entry(name) {
      const key = String(name);
      if (!scene.known.includes(key)) throw new ExpressionError("Referenced node doesn't exist");
      return own(scene.nodes, key);
    }
    function ran(name) {
      const found = entry(name);
      if (!found || found.runs.length === 0) throw new ExpressionError(`Node '${name}' hasn't been executed`);
      return found;
    }
    function itemsOf(name, branch, run) {
      const found = ran(name);
      const at = run === undefined || run === null ? found.run : run < 0 ? found.runs.length - 1 : run;
      const outputs = found.runs[at];
      if (at >= found.runs.length) throw new ExpressionError(`Run ${at} of node "${name}" not found`);
      return (outputs && outputs[branch ?? found.branch]) || [];
    }
    function matching(name, index) {
      const found = ran(name);
      const link = found.links && found.links[index];
      if (!link) throw new ExpressionError(`Can't get data for item ${index} of node '${name}'`);
      if (link.error) throw new ExpressionError(link.error);
      return found.runs[link.run][link.output][link.item];
    }

    const $ = (name) => {
      if (name === undefined || name === null || name === '')
        throw new ExpressionError('When calling $(), please specify a node');
      const found = entry(name);
      const isExecuted = Boolean(found && found.runs.length > 0);
      if (!isExecuted) {
        return new Proxy(
          { isExecuted: false },
          {
            get(target, key) {
              if (key === 'isExecuted') return false;
              if (key === 'params' && found) return found.parameters;
              throw new ExpressionError(`Node '${name}' hasn't been executed`);
            },
          },
        );
      }
      return {
        isExecuted,
        name: String(name),
        get params() {
          return found.parameters;
        },
        get context() {
          return found.memory;
        },
        get item() {
          return matching(name, state.index);
        },
        all: (branch, run) => itemsOf(name, branch, run),
        first: (branch, run) => itemsOf(name, branch, run)[0],
        last: (branch, run) => {
          const all = itemsOf(name, branch, run);
          return all[all.length - 1];
        },
        itemMatching: (index) => {
          if (index === undefined)
            throw new ExpressionError('Missing item index for .itemMatching() e.g. .itemMatching(0)');
          return matching(name, index);
        },
        pairedItem: (index) => matching(name, index ?? state.index),
      };
    };

    function nodeView(name, index) {
      const found = entry(name);
      const at = () => {
        const all = itemsOf(name);
        return all[index()] ?? all[0];
      };
      return {
        get json() {
          return at()?.json;
        },
        get data() {
          return at()?.json;
        },
        get binary() {
          return at()?.binary ?? {};
        },
        get context() {
          return found ? found.memory : {};
        },
        get parameter() {
          return found ? found.parameters : {};
        },
        get runIndex() {
          return found ? found.runs.length - 1 : -1;
        },
      };
    }
    const nodesAt = (index) =>
      new Proxy(
        {},
        {
          get: (_, name) => (typeof name === 'string' ? nodeView(name, index) : undefined),
          has: (_, name) => scene.known.includes(name),
        },
      );

    function $items(name, output, run) {
      if (name === undefined || name === null) return state.items;
      return itemsOf(name, output ?? 0, run ?? -1);
    }
    function $item(index) {
      const item = state.items[index];
      return {
        get $json() {
          return item && item.json;
        },
        get $binary() {
          return (item && item.binary) || {};
        },
        $node: nodesAt(() => index),
        $itemIndex: index,
        $parameter: scene.node.parameters,
        $items,
        $input: inputView(),
      };
    }

    function inputView() {
      const noArguments = (name, count) => {
        if (count > 0) throw new ExpressionError(`$input.${name}() should have no arguments`);
      };
      return {
        all: (...args) => (noArguments('all', args.length), state.items),
        first: (...args) => (noArguments('first', args.length), state.items[0]),
        last: (...args) => (noArguments('last', args.length), state.items[state.items.length - 1]),
        get item() {
          return state.items[state.index];
        },
        itemMatching: (index) => state.items[index],
        params: scene.input.params,
        context: scene.input.context,
      };
    }

    const customData = { ...scene.execution.customData };
    const execution = {
      id: scene.execution.id,
      mode: scene.execution.mode === 'manual' ? hidden.node : hidden.production,
      resumeUrl: scene.execution.resumeUrl ?? '',
      resumeFormUrl: scene.execution.resumeFormUrl ?? '',
      customData: {
        set: (key, value) => void (customData[String(key)] = String(value)),
        setAll: (all) => void Object.assign(customData, all),
        get: (key) => own(customData, key),
        getAll: () => ({ ...customData }),
      },
    };
    const blocked = () => {
      throw new ExpressionError('access to env vars denied');
    };
    const staticData = { global: scene.staticData.global, node: scene.staticData.node };
    const names = {
      $,
      $input: inputView(),
      $node: nodesAt(() => state.index),
      $items,
      $item,
      $workflow: scene.workflow,
      $execution: execution,
      $executionId: scene.execution.id,
      $mode: scene.execution.mode,
      $runIndex: scene.run,
      $thisRunIndex: scene.run,
      $prevNode: scene.prev,
      $parameter: scene.node.parameters,
      $rawParameter: scene.node.parameters,
      $vars: scene.vars,
      $env: new Proxy({}, { get: blocked, has: blocked, ownKeys: blocked }),
      $jmespath: (data, query) => search(data, query),
      $jmesPath: (data, query) => search(data, query),
      $fromAI: () => {
        throw new ExpressionError('$fromAI can only be used in tool parameters');
      },
      $evaluateExpression: () => {
        throw new ExpressionError('$evaluateExpression is not available in the Code node');
      },
      $nodeVersion: scene.node.typeVersion,
      $nodeId: scene.node.id,
      $webhookId: scene.node.webhookId,
      $getWorkflowStaticData: (type) => {
        if (type !== 'global' && type !== 'node') {
          throw new Error(`The context type "${type}" is not known. Only "global" and "node" are supported!`);
        }
        return staticData[type];
      },
      DateTime: luxon.DateTime,
      Duration: luxon.Duration,
      Interval: luxon.Interval,
    };
    return { names, staticData };
  }
  globalThis.__scene = { makeScene, ExpressionError };
})();
