#include "srtp/seal_batch.hpp"

#include "base/check.hpp"

namespace visavis::srtp {

std::size_t SealBatch::add(const SealJob& job) {
  check(job.sealer != nullptr && &job.sealer->cipher() == &cipher_);
  if (waiting_ == jobs_.size()) {
    flush();
  }
  CipherJob& waiting = jobs_[waiting_++];
  job.sealer->prepare_rtp(waiting, job.cell, job.size, job.payload);
  return waiting.sealed.size();
}

void SealBatch::flush() {
  if (waiting_ > 0) {
    cipher_.seal_rtp(std::span(jobs_).first(waiting_));
    waiting_ = 0;
  }
}

}  // namespace visavis::srtp
