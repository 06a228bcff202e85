// Requests at a constant arrival rate, or at several one after the other: each begins at its planned time, whatever
// became of those before it. One line per request, and a last one with what could not be begun; nothing else is written as JSON.
import http from 'k6/http';
import exec from 'k6/execution';

const number = (name) => Number(__ENV[`LOAD_${name}`]);
// by name: requests per second, beginning and length in seconds, and the number of the first request
const phases = {};
let from = 0;
let seq = 0;
JSON.parse(__ENV.LOAD_PHASES).forEach(([rate, seconds], nth) => {
  phases[`phase${nth}`] = { rate, from, seconds, seq };
  from += seconds;
  seq += rate * seconds;
});

function scenario(phase) {
  return {
    executor: 'constant-arrival-rate',
    rate: phase.rate,
    timeUnit: '1s',
    startTime: `${phase.from}s`,
    duration: `${phase.seconds}s`,
    preAllocatedVUs: number('AT_ONCE'),
    maxVUs: number('AT_ONCE'),
    gracefulStop: `${__ENV.LOAD_WITHIN}s`,
  };
}

export const options = {
  discardResponseBodies: true,
  scenarios: Object.fromEntries(Object.entries(phases).map(([name, phase]) => [name, scenario(phase)])),
};

const asked = {
  headers: JSON.parse(__ENV.LOAD_HEADERS),
  timeout: `${__ENV.LOAD_WITHIN}s`,
};

export default function () {
  const phase = phases[exec.scenario.name];
  const nth = exec.scenario.iterationInTest;
  const planned = exec.scenario.startTime + (nth * 1000) / phase.rate; // milliseconds
  const start = Date.now();
  const answer = http.get(__ENV.LOAD_URL, asked);
  const told = { event: 'request', seq: phase.seq + nth, planned: planned, start: start, end: Date.now() };
  told.status = answer.status;
  told.error = answer.error;
  told.by = answer.headers['X-Served-By'] || '';
  console.log(JSON.stringify(told));
}

export function handleSummary(data) {
  const dropped = data.metrics.dropped_iterations;
  return { stdout: `${JSON.stringify({ event: 'end', dropped: dropped ? dropped.values.count : 0 })}\n` };
}
