#include "net/udp_sender.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>
#include <vector>

#include "net/file_descriptor.hpp"

namespace visavis::net {
namespace {

using testing::ElementsAre;

constexpr std::size_t kCells = 256;

SocketAddress at(std::string_view text) {
  return SocketAddress::parse(text).value();
}

const Route kRoute{at("127.0.0.1:7000"), at("127.0.0.1:9000")};
const Route kOtherRoute{at("127.0.0.1:7000"), at("127.0.0.1:9001")};

void put(DatagramBatch& batch, const Route& route, std::initializer_list<std::size_t> sizes) {
  for (const std::size_t size : sizes) {
    static_cast<void>(batch.reserve());
    batch.commit(route, size);
  }
}

TEST(RunLength, TakesEqualSizesAndOneShorterLast) {
  DatagramBatch batch(kCells);
  put(batch, kRoute, {100, 100, 100, 40, 40});
  EXPECT_EQ(run_length(batch.cells()), 4U);
}

TEST(RunLength, EndsAtALargerOne) {
  DatagramBatch batch(kCells);
  put(batch, kRoute, {100, 101});
  EXPECT_EQ(run_length(batch.cells()), 1U);
}

TEST(RunLength, EndsAtAnotherRoute) {
  DatagramBatch batch(kCells);
  put(batch, kRoute, {100, 100});
  put(batch, kOtherRoute, {100});
  EXPECT_EQ(run_length(batch.cells()), 2U);
}

TEST(RunLength, EndsAtAnotherPriority) {
  DatagramBatch batch(kCells);
  for (const SendPriority priority : {SendPriority::kVideo, SendPriority::kAudio}) {
    static_cast<void>(batch.reserve());
    batch.commit(kRoute, 100, priority);
  }
  EXPECT_EQ(run_length(batch.cells()), 1U);
}

TEST(RunLength, StaysWithinWhatTheKernelTakes) {
  DatagramBatch small(kCells);
  DatagramBatch large(kCells);
  for (std::size_t i = 0; i < 100; ++i) {
    put(small, kRoute, {20});
    put(large, kRoute, {1500});
  }
  EXPECT_EQ(run_length(small.cells()), 64U);
  EXPECT_EQ(run_length(large.cells()), 43U);
}

struct Datagrams {
  std::size_t size;
  SendPriority priority;
};

DatagramBatch batch_of(std::initializer_list<Datagrams> all) {
  DatagramBatch batch(kCells);
  for (const auto& [size, priority] : all) {
    std::ranges::fill(batch.reserve().first(size), static_cast<std::byte>(priority));
    batch.commit(kRoute, size, priority);
  }
  return batch;
}

constexpr auto kAudio = SendPriority::kAudio;
constexpr auto kVideo = SendPriority::kVideo;

TEST(NextRun, AudioRidesBehindThePicture) {
  const DatagramBatch batch =
      batch_of({{80, kAudio}, {100, kVideo}, {100, kVideo}, {70, kVideo}, {30, kAudio}});
  const auto even = std::span(batch.cells()).first(3);
  EXPECT_TRUE(next_run(even).first_goes_last);
  EXPECT_EQ(next_run(even).cells.size(), 3U);
  EXPECT_TRUE(next_run(even.first(2)).first_goes_last) << "also behind a single packet";
}

TEST(NextRun, NothingRidesBehindAShorterOne) {
  const DatagramBatch uneven = batch_of({{60, kAudio}, {100, kVideo}, {100, kVideo}, {70, kVideo}});
  EXPECT_FALSE(next_run(uneven.cells()).first_goes_last);
  EXPECT_EQ(next_run(uneven.cells()).cells.size(), 1U);
  const DatagramBatch large_audio = batch_of({{110, kAudio}, {100, kVideo}, {100, kVideo}});
  EXPECT_EQ(next_run(large_audio.cells()).cells.size(), 1U);
}

TEST(NextRun, NothingRidesBehindItsOwnStreamOrWhatMattersMoreOrGoesElsewhere) {
  for (const auto& [first, second] :
       {std::pair{kVideo, kAudio}, std::pair{kVideo, kVideo}, std::pair{kAudio, kAudio},
        std::pair{kVideo, SendPriority::kUpperLayer}}) {
    const DatagramBatch batch = batch_of({{80, first}, {100, second}});
    EXPECT_EQ(next_run(batch.cells()).cells.size(), 1U);
  }
  DatagramBatch elsewhere = batch_of({{80, kAudio}});
  put(elsewhere, kOtherRoute, {100});
  EXPECT_EQ(next_run(elsewhere.cells()).cells.size(), 1U);
}

TEST(NextRun, AudioDoesNotWaitBehindALongRun) {
  for (const auto& [packets, cells] : {std::pair{8U, 9U}, std::pair{9U, 1U}}) {
    DatagramBatch batch = batch_of({{80, kAudio}});
    for (std::size_t i = 0; i < packets; ++i) {
      static_cast<void>(batch.reserve());
      batch.commit(kRoute, 1'200, kVideo);
    }
    EXPECT_EQ(next_run(batch.cells()).cells.size(), cells) << packets;
  }
}

/// What the sender asked of the kernel, and how the kernel shall answer.
struct Kernel {
  struct Message {
    std::size_t bytes;
    bool segmented;
    friend bool operator==(const Message&, const Message&) = default;
  };
  std::vector<Message> taken;
  std::vector<std::byte> first_bytes;  ///< Of each piece that was shown to it.
  int segments_error = 0;              ///< For every message with UDP_SEGMENT.
  int plain_error = 0;                 ///< For every other one.
  std::size_t room = 1'000'000;        ///< Messages until the buffer is full.
  int interruptions = 0;
  int full_times = 0;  ///< Calls that find the buffer full.
  /// What a path takes in one piece; more is refused while the socket says "do not fragment".
  std::size_t mtu = 65'535;
};

Kernel* kernel = nullptr;

int mtu_discovery(int fd) {
  int how = -1;
  socklen_t size = sizeof(how);
  return ::getsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &how, &size) == 0 ? how : -1;
}

int send_messages(int fd, mmsghdr* messages, unsigned count, int /*flags*/) {
  if (kernel->interruptions > 0) {
    --kernel->interruptions;
    errno = EINTR;
    return -1;
  }
  if (kernel->full_times > 0) {
    --kernel->full_times;
    errno = ENOBUFS;
    return -1;
  }
  for (unsigned i = 0; i < count; ++i) {
    msghdr& header = messages[i].msg_hdr;
    bool segmented = false;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      segmented = segmented || c->cmsg_type == UDP_SEGMENT;
    }
    std::size_t bytes = 0;
    for (const iovec& piece : std::span(header.msg_iov, header.msg_iovlen)) {
      bytes += piece.iov_len;
      kernel->first_bytes.push_back(*static_cast<const std::byte*>(piece.iov_base));
    }
    const int refused = segmented ? kernel->segments_error : kernel->plain_error;
    const bool too_large = bytes > kernel->mtu && mtu_discovery(fd) == IP_PMTUDISC_DO;
    const int refusal = too_large ? EMSGSIZE : refused;
    const int error = kernel->taken.size() >= kernel->room ? EAGAIN : refusal;
    if (error != 0) {
      errno = error;
      return i > 0 ? static_cast<int>(i) : -1;
    }
    kernel->taken.push_back({bytes, segmented});
  }
  return static_cast<int>(count);
}

class UdpSenderOnARefusingKernel : public testing::TestWithParam<int> {
 protected:
  UdpSenderOnARefusingKernel() { kernel = &kernel_; }

  void send(DatagramBatch& batch) {
    sender_.begin_batch();
    std::span<const DatagramBatch::Cell> rest = batch.cells();
    while (!rest.empty()) {
      const bool may = sender_.may_segment(rest.front().route.remote.ip);
      const auto run = may ? next_run(rest) : net::Run{.cells = rest.first(1)};
      sender_.add(batch, run);
      rest = rest.subspan(run.cells.size());
      if (sender_.full()) {
        sender_.flush();
      }
    }
    sender_.flush();
  }

  Kernel kernel_;
  UdpCounters counters_;
  UdpSender sender_{{.fd = -1, .segments = true, .send_messages = &send_messages}, counters_};
};

using Message = Kernel::Message;

TEST_F(UdpSenderOnARefusingKernel, SendsARunAsOneMessage) {
  DatagramBatch batch(kCells);
  put(batch, kRoute, {100, 100, 50});
  send(batch);
  EXPECT_THAT(kernel_.taken, ElementsAre(Message{250, true}));
  EXPECT_EQ(counters_.sent_datagrams, 3U);
  EXPECT_EQ(counters_.sent_messages, 1U);
}

TEST_F(UdpSenderOnARefusingKernel, SendsAudioBehindThePictureAsOneMessage) {
  DatagramBatch batch = batch_of({{80, kAudio}, {100, kVideo}, {100, kVideo}});
  send(batch);
  EXPECT_THAT(kernel_.taken, ElementsAre(Message{280, true}));
  EXPECT_THAT(kernel_.first_bytes,
              ElementsAre(static_cast<std::byte>(kVideo), static_cast<std::byte>(kAudio)));
  EXPECT_EQ(counters_.sent_datagrams, 3U);
  EXPECT_EQ(counters_.sent_bytes, 280U);
}

TEST_F(UdpSenderOnARefusingKernel, SendsAudioFirstWhereItMayNotRideBehindThePicture) {
  kernel_.segments_error = EIO;
  DatagramBatch batch = batch_of({{80, kAudio}, {100, kVideo}, {100, kVideo}});
  send(batch);
  EXPECT_THAT(kernel_.taken,
              ElementsAre(Message{80, false}, Message{100, false}, Message{100, false}));
  EXPECT_EQ(counters_.sent_bytes, 280U);
}

TEST_F(UdpSenderOnARefusingKernel, AFullBufferCostsThePictureAndNotTheAudioThatRidesBehindIt) {
  DatagramBatch batch =
      batch_of({{80, kAudio}, {100, kVideo}, {100, kVideo}, {80, kAudio}, {100, kVideo}});
  kernel_.full_times = 2;
  send(batch);
  EXPECT_THAT(kernel_.taken, ElementsAre(Message{80, false}, Message{80, false}));
  EXPECT_EQ(kernel_.first_bytes.back(), static_cast<std::byte>(kAudio));
  EXPECT_THAT(counters_.dropped_by_priority, ElementsAre(0, 3, 0, 0));
  EXPECT_EQ(counters_.dropped_buffer_full, 3U);
  kernel_.taken.clear();
  kernel_.full_times = 1;  // Upper layers alone are tried again, and there is none of them.
  send(batch);
  EXPECT_THAT(kernel_.taken, ElementsAre(Message{80, false}, Message{80, false}));
}

TEST_P(UdpSenderOnARefusingKernel, SendsTheRunAsPlainMessagesAndNoRunsOnThatPathAgain) {
  kernel_.segments_error = GetParam();
  DatagramBatch batch(kCells);
  put(batch, kRoute, {100, 100, 50});
  send(batch);
  EXPECT_THAT(kernel_.taken,
              ElementsAre(Message{100, false}, Message{100, false}, Message{50, false}));
  EXPECT_EQ(counters_.segmentation_refused, 1U);
  send(batch);
  EXPECT_EQ(counters_.segmentation_refused, 1U);
  EXPECT_EQ(counters_.sent_datagrams, 6U);
  EXPECT_FALSE(sender_.may_segment(kRoute.remote.ip));
  EXPECT_TRUE(sender_.may_segment(IpAddress::parse("192.0.2.1").value()));
}

INSTANTIATE_TEST_SUITE_P(WithEachError, UdpSenderOnARefusingKernel,
                         testing::Values(EIO, EINVAL, EMSGSIZE));

TEST_F(UdpSenderOnARefusingKernel, DropsAndCountsWhatTheBufferDoesNotHold) {
  kernel_.room = 1;
  DatagramBatch batch(kCells);
  put(batch, kRoute, {100, 100});
  put(batch, kOtherRoute, {100, 100, 100});
  send(batch);
  EXPECT_EQ(counters_.sent_datagrams, 2U);
  EXPECT_EQ(counters_.dropped_buffer_full, 3U);
  kernel_.room = 2;
  send(batch);
  EXPECT_EQ(counters_.sent_datagrams, 4U) << "the next batch starts anew";
}

TEST_F(UdpSenderOnARefusingKernel, AFullBufferCostsUpperLayersFirstAndAudioLast) {
  DatagramBatch batch(kCells);
  for (std::size_t kind = 0; kind < kSendPriorityCount; ++kind) {
    static_cast<void>(batch.reserve());
    batch.commit(kRoute, 100 + kind, static_cast<SendPriority>(kind));
  }
  kernel_.full_times = 1;
  send(batch);
  EXPECT_THAT(counters_.dropped_by_priority, ElementsAre(1, 0, 0, 0));
  kernel_.full_times = 1;  // That kind alone is tried again by the next batch, and is what goes.
  send(batch);
  EXPECT_THAT(counters_.dropped_by_priority, ElementsAre(2, 0, 0, 0));
  kernel_.full_times = 2;
  send(batch);
  EXPECT_THAT(counters_.dropped_by_priority, ElementsAre(3, 1, 0, 0));
  kernel_.full_times = 3;  // One more than there are kinds to leave out: single messages go.
  send(batch);
  EXPECT_THAT(counters_.dropped_by_priority, ElementsAre(4, 2, 1, 1));
  EXPECT_EQ(counters_.dropped_buffer_full, 8U);
}

TEST_F(UdpSenderOnARefusingKernel, RecoversAKindABatch) {
  DatagramBatch batch(kCells);
  for (std::size_t kind = 0; kind < kSendPriorityCount; ++kind) {
    static_cast<void>(batch.reserve());
    batch.commit(kRoute, 100 + kind, static_cast<SendPriority>(kind));
  }
  kernel_.full_times = 2;
  std::vector<std::size_t> messages;
  for (int turn = 0; turn < 3; ++turn) {
    kernel_.taken.clear();
    send(batch);
    messages.push_back(kernel_.taken.size());
  }
  EXPECT_THAT(messages, ElementsAre(2, 3, 4));
}

TEST_F(UdpSenderOnARefusingKernel, TheRestOfABatchLeavesOutWhatItsBeginningHadTo) {
  DatagramBatch batch(kCells);
  for (int viewer = 0; viewer < 100; ++viewer) {  // More than one call takes.
    for (const SendPriority kind : {SendPriority::kAudio, SendPriority::kVideo}) {
      static_cast<void>(batch.reserve());
      batch.commit(kRoute, kind == SendPriority::kAudio ? 90 : 1000, kind);
    }
  }
  kernel_.full_times = 2;
  send(batch);
  EXPECT_EQ(counters_.sent_datagrams, 100U);
  EXPECT_THAT(counters_.dropped_by_priority, ElementsAre(0, 100, 0, 0));
}

TEST_F(UdpSenderOnARefusingKernel, CountsTheRestOfARunWhoseFallbackFillsTheBuffer) {
  kernel_.segments_error = EINVAL;
  kernel_.room = 2;
  DatagramBatch batch(kCells);
  put(batch, kRoute, {100, 100, 100});
  put(batch, kOtherRoute, {100});
  send(batch);
  EXPECT_EQ(counters_.sent_datagrams, 2U);
  EXPECT_EQ(counters_.dropped_buffer_full, 2U);
}

TEST_F(UdpSenderOnARefusingKernel, PassesOverWhoCannotBeReached) {
  kernel_.plain_error = ENETUNREACH;
  DatagramBatch batch(kCells);
  put(batch, kRoute, {100});
  put(batch, kOtherRoute, {100, 100});
  send(batch);
  EXPECT_EQ(counters_.dropped_unreachable, 1U);
  EXPECT_EQ(counters_.sent_datagrams, 2U);
}

TEST_F(UdpSenderOnARefusingKernel, SendsInFragmentsWhatAPathIsTooNarrowFor) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  constexpr int kWhole = IP_PMTUDISC_DO;
  ASSERT_EQ(setsockopt(socket.value(), IPPROTO_IP, IP_MTU_DISCOVER, &kWhole, sizeof(kWhole)), 0);
  UdpSender sender({.fd = socket.value(),
                    .segments = true,
                    .send_messages = &send_messages,
                    .unfragmented = true},
                   counters_);
  kernel_.mtu = 90;
  DatagramBatch batch(kCells);
  put(batch, kRoute, {100, 80});
  put(batch, kOtherRoute, {100, 100});
  sender.begin_batch();
  sender.add(batch, {.cells = std::span(batch.cells()).first(1)});
  sender.add(batch, {.cells = std::span(batch.cells()).subspan(1, 1)});
  sender.add(batch, {.cells = std::span(batch.cells()).subspan(2)});
  sender.flush();
  EXPECT_THAT(kernel_.taken, ElementsAre(Message{100, false}, Message{80, false},
                                         Message{100, false}, Message{100, false}));
  EXPECT_EQ(counters_.sent_datagrams, 4U);
  EXPECT_EQ(counters_.dropped_unreachable, 0U);
  EXPECT_EQ(mtu_discovery(socket.value()), IP_PMTUDISC_DO);
}

TEST_F(UdpSenderOnARefusingKernel, TriesAgainAfterASignal) {
  kernel_.interruptions = 2;
  DatagramBatch batch(kCells);
  put(batch, kRoute, {100});
  send(batch);
  EXPECT_EQ(counters_.sent_datagrams, 1U);
}

}  // namespace
}  // namespace visavis::net
