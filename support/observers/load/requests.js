// Requests at a constant arrival rate: each begins at its planned time, whatever became of those before it. One line
// per request, and a last one with what could not be begun; nothing else is written as JSON.
import http from 'k6/http';
import exec from 'k6/execution';

const number = (name) => Number(__ENV[`LOAD_${name}`]);
const rate = number('RATE');

export const options = {
  discardResponseBodies: true,
  scenarios: {
    requests: {
      executor: 'constant-arrival-rate',
      rate: rate,
      timeUnit: '1s',
      duration: `${number('SECONDS')}s`,
      preAllocatedVUs: number('AT_ONCE'),
      maxVUs: number('AT_ONCE'),
      gracefulStop: `${__ENV.LOAD_WITHIN}s`,
    },
  },
};

const asked = {
  headers: JSON.parse(__ENV.LOAD_HEADERS),
  timeout: `${__ENV.LOAD_WITHIN}s`,
};

export default function () {
  const seq = exec.scenario.iterationInTest;
  const planned = exec.scenario.startTime + (seq * 1000) / rate; // milliseconds
  const start = Date.now();
  const answer = http.get(__ENV.LOAD_URL, asked);
  const told = { event: 'request', seq: seq, planned: planned, start: start, end: Date.now() };
  told.status = answer.status;
  told.error = answer.error;
  told.by = answer.headers['X-Served-By'] || '';
  console.log(JSON.stringify(told));
}

export function handleSummary(data) {
  const dropped = data.metrics.dropped_iterations;
  return { stdout: `${JSON.stringify({ event: 'end', dropped: dropped ? dropped.values.count : 0 })}\n` };
}
