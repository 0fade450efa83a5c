/** One plan by its name, or several. Of each limit the most generous one counts. */
export type PlanNames<PlanName extends string = string> = PlanName | readonly PlanName[];
