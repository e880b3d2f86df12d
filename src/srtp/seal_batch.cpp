#include "srtp/seal_batch.hpp"

#include "base/check.hpp"

namespace visavis::srtp {

std::size_t SealBatch::add(const SealJob& job) {
  check(job.sealer != nullptr);
  if (jobs_.size() == kWaitingMax) {
    flush();
  }
  jobs_.push_back(job);
  return job.size + job.sealer->overhead_rtp();
}

void SealBatch::flush() {
  for (const SealJob& job : jobs_) {
    job.sealer->seal_rtp(job.cell, job.size);
  }
  jobs_.clear();
}

}  // namespace visavis::srtp
