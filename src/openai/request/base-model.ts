/** `ft:<base>:<organization>:…` */
const fineTuned = /^ft:([^:]+):/;
/** `-2024-08-06`, `-0613`, `-0125-preview` */
const snapshot = /-\d{4}(?:-\d{2}-\d{2}|-preview)?$/;

/** Returns the name without what says nothing of its family: the date, and whose fine-tuned one it is. */
export function baseModel(model: string): string {
  return (fineTuned.exec(model)?.[1] ?? model).replace(snapshot, '');
}
