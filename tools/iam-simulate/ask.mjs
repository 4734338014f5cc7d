// Answers questions about permissions: a JSON list on standard input, a JSON list of answers on standard output.
//
// A question: {principal, action, resource, account, context, identity: [policy], resourcePolicy: policy or null}.
// An answer: {verdict: "Allowed" | "ImplicitlyDenied" | "ExplicitlyDenied" | "error", why, ignored: [context key]}.
// One process for all questions: starting Node and loading its data about AWS takes longer than a thousand answers.
import { readFileSync } from 'node:fs'
import { runSimulation } from '@cloud-copilot/iam-simulate'

function simulation(question) {
  return {
    request: {
      principal: question.principal,
      action: question.action,
      resource: { resource: question.resource, accountId: question.account },
      contextVariables: question.context
    },
    identityPolicies: question.identity.map((policy, at) => ({ name: `policy-${at}`, policy })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: question.resourcePolicy ?? undefined
  }
}

async function answer(question) {
  const asked = await runSimulation(simulation(question), {})
  if (asked.resultType === 'error') {
    return { verdict: 'error', why: JSON.stringify(asked.errors), ignored: [] }
  }
  const results = asked.resultType === 'single' ? [asked.result] : asked.results
  const ignored = [...new Set(results.flatMap((each) => each.ignoredContextKeys ?? []))]
  return { verdict: asked.overallResult, why: asked.resultType, ignored }
}

const questions = JSON.parse(readFileSync(0, 'utf8'))
const answers = []
for (const question of questions) {
  answers.push(await answer(question))
}
process.stdout.write(JSON.stringify(answers))
