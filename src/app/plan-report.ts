import type { PlanAnswer } from '../admin/plan-answer.ts'
import { addressText } from '../registry/exposure.ts'
import { keyText } from '../registry/model.ts'
import type { Plan } from '../sync/plan.ts'

/**
 * What would be done, and apart from it what another session of this gateway keeps: a running
 * gateway's, or those of one that ended less than a session timeout ago, which a start would take
 * over as they are.
 */
export function planReport(plan: Plan): PlanAnswer {
  const steps = plan.filter(({ action }) => action !== 'take-over')
  return { steps, keptByOtherSession: plan.length - steps.length }
}

/** The steps that are no `skip`: what is not in line. */
export function changesOf({ steps }: PlanAnswer): PlanAnswer['steps'] {
  return steps.filter(({ action }) => action !== 'skip')
}

export function planText(report: PlanAnswer): string {
  const { steps, keptByOtherSession } = report
  const changes = changesOf(report).length
  const kept = `${keptByOtherSession} kept by another session of this gateway\n`
  const total = `${changes} to do, ${steps.length - changes} left alone\n`
  return [...steps.map(stepText), total, ...(keptByOtherSession > 0 ? [kept] : [])].join('')
}

/** Of the records of one service. */
const MOST_SHOWN = 3

function stepText(step: PlanAnswer['steps'][number]): string {
  const { direction, registry, key, action, reason, detail, before, after } = step
  const place = action === 'remove' ? before : after
  const shown = place.slice(0, MOST_SHOWN).map((one) => ` ${addressText(one)}`)
  const more = place.length > MOST_SHOWN ? [` and ${place.length - MOST_SHOWN} more`] : []
  const where = [...shown, ...more].join(',')
  const why = detail === undefined ? reason : `${reason}: ${detail}`
  return `${action.padEnd(7)} ${direction.padEnd(14)} ${registry} ${keyText(key)}${where} (${why})\n`
}
