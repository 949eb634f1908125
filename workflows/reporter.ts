import { CancellationScope, getExternalWorkflowHandle, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { ChildReport } from '../runbook/child-report.ts';
import type { TimelineEntry } from '../runbook/run-state.ts';
import { reportSignal } from './messages.ts';

/** Newest lines of the story that are shown in the details. */
const timelineLength = 40;

/** Least time between two reports of single operations, in milliseconds. Who wants to know more asks the child itself. */
const reportEvery = 2_000;

/** How a child workflow stands. */
export type Standing = Omit<ChildReport, 'workflowId' | 'version' | 'news'>;

/** What a child workflow has to say: its story, and reports of every change to its parent and to the Temporal UI. */
export abstract class Reporter {
  readonly timeline: TimelineEntry[] = [];
  #version = 0;
  readonly #news: TimelineEntry[] = [];
  #reporting = false;
  #reportedAt = 0;
  #lastReport: Promise<void> = Promise.resolve();

  protected abstract standing(): Standing;

  /** How it stands, for the Temporal UI, in Markdown. */
  protected abstract inDetail(): string;

  /** Appends to the story. */
  note(text: string): void {
    this.relay([{ at: new Date().toISOString(), text }]);
  }

  /** Appends to the story and reports at once. */
  tell(text: string): void {
    this.note(text);
    this.report();
  }

  /** Appends what somebody else had to say. */
  protected relay(news: readonly TimelineEntry[]): void {
    this.#news.push(...news);
    this.timeline.push(...news);
    this.timeline.splice(0, this.timeline.length - timelineLength);
  }

  /** Something small has changed: reported when the last report is old enough, since each one costs two workflow tasks. */
  reportSoon(): void {
    if (Date.now() - this.#reportedAt >= reportEvery) this.report();
  }

  /** Tells parent and UI, once for all changes of one workflow task. */
  report(): void {
    if (this.#reporting) return;
    this.#reporting = true;
    this.#lastReport = CancellationScope.nonCancellable(async () => {
      await Promise.resolve();
      this.#reporting = false;
      this.#reportedAt = Date.now();
      this.#version += 1;
      setCurrentDetails(this.inDetail());
      await this.#send();
    });
  }

  /** Reports once more, and waits until that has arrived. */
  protected async lastReport(): Promise<void> {
    this.report();
    await this.#lastReport;
  }

  /** What was not reported yet stays news. */
  protected reportNow(): ChildReport {
    return this.#report([...this.#news]);
  }

  #report(news: TimelineEntry[]): ChildReport {
    return { workflowId: workflowInfo().workflowId, version: this.#version, ...this.standing(), news };
  }

  async #send(): Promise<void> {
    const { parent } = workflowInfo();
    const report = this.#report(this.#news.splice(0));
    if (!parent) return;
    try {
      await getExternalWorkflowHandle(parent.workflowId).signal(reportSignal, report);
    } catch {
      // The parent was terminated or deleted. The child goes on: its journal tells the story, and reconcile adopts it.
    }
  }
}
