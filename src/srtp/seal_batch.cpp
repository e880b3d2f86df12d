#include "srtp/seal_batch.hpp"

#include "base/check.hpp"

namespace visavis::srtp {

std::size_t SealBatch::add(const SealJob& job) {
  check(job.sealer != nullptr && &job.sealer->cipher() == &cipher_);
  if (jobs_.size() == kWaitingMax) {
    flush();
  }
  return jobs_.emplace_back(job.sealer->prepare_rtp(job.cell, job.size, job.payload)).sealed.size();
}

void SealBatch::flush() {
  if (!jobs_.empty()) {
    cipher_.seal_rtp(jobs_);
    jobs_.clear();
  }
}

}  // namespace visavis::srtp
