import { readdirSync, readFileSync } from 'node:fs';

/** CPU time that a process has used so far, in µs. */
export interface CpuTime {
  /** Of the main thread alone. */
  readonly mainUs: number;
  /** Of all living threads, including V8's compiler and collector, and the thread pool. */
  readonly allUs: number;
}

/** Returns the CPU time of this process: from the scheduler on Linux, else from `process.cpuUsage`. */
export function ownCpu(): CpuTime {
  return (
    cpuOf(process.pid) ?? { mainUs: sum(process.threadCpuUsage()), allUs: sum(process.cpuUsage()) }
  );
}

const sum = ({ user, system }: NodeJS.CpuUsage): number => user + system;

/** Returns the CPU time of any process, or `undefined` if the system has no `/proc`. */
export function cpuOf(pid: number): CpuTime | undefined {
  const threads = threadsOf(pid);
  if (threads === undefined) return undefined;
  const allUs = threads.reduce((total, thread) => total + threadUs(pid, thread), 0);
  return { mainUs: threadUs(pid, pid), allUs };
}

/** Returns the CPU time of a process and its children in µs, or `undefined` if there is no `/proc`. */
export function familyUs(pid: number): number | undefined {
  const own = cpuOf(pid)?.allUs;
  if (own === undefined) return undefined;
  const children = contentOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean);
  return children.reduce((total, child) => total + (cpuOf(Number(child))?.allUs ?? 0), own);
}

function threadsOf(pid: number): readonly number[] | undefined {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return undefined;
  }
}

/** The first number of `schedstat`: time on a core, in ns. */
function threadUs(pid: number, thread: number): number {
  const [nanoseconds] = contentOf(`/proc/${pid}/task/${thread}/schedstat`).split(' ');
  return Number(nanoseconds) / 1_000;
}

/** Returns an empty string for a thread or process that has just ended. */
function contentOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
