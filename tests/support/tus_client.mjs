// tus-js-client on Node, as tests/end_to_end/test_uploads_on_bad_wifi.py drives it: a list of jobs on stdin, one line of JSON a result.
// A job: {id, endpoint, path, metadata, chunkSize, during}. Sixteen at a time.
import { readFileSync } from 'node:fs'
import * as tus from 'tus-js-client'

const { jobs, delays } = JSON.parse(readFileSync(0, 'utf8'))

function send(job) {
  return new Promise((done) => {
    let receipt = ''
    const tell = (error) => {
      console.log(JSON.stringify({ id: job.id, receipt, error }))
      done()
    }
    new tus.Upload(readFileSync(job.path), {
      endpoint: job.endpoint,
      metadata: job.metadata,
      chunkSize: job.chunkSize,
      uploadDataDuringCreation: job.during,
      retryDelays: delays,
      onAfterResponse: (_request, answer) => {
        receipt = answer.getHeader('Reporter-Receipt') ?? receipt
      },
      onError: (error) => tell(String(error)),
      onSuccess: () => tell(''),
    }).start()
  })
}

async function worker() {
  while (jobs.length) await send(jobs.shift())
}

await Promise.all(Array.from({ length: 16 }, worker))
