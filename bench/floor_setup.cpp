#include "floor_setup.hpp"

#include <CLI/CLI.hpp>
#include <string>

namespace visavis::bench {

std::optional<FloorSetup> parse_floor_setup(int argc, char** argv, int& status) {
  FloorSetup setup;
  std::string cipher = "automatic";
  std::string profile = "both";
  CLI::App options("The floor under the cost of forwarding a packet.");
  options.add_flag("--loopback", setup.loopback, "Send to a socket here, not into a TUN device");
  options.add_option("--live-receiver", setup.receiver_core,
                     "Send to a thread on this core that receives as visavis-load does");
  options
      .add_option("--receiver-tick-us", setup.receiver_tick_us,
                  "The live receiver reads this often")
      ->check(CLI::Range(1, 100'000));
  options.add_option("--pause-us", setup.pause_us, "Sleep between bursts")
      ->check(CLI::Range(0, 100'000));
  options.add_option("--subscribers", setup.subscribers)->check(CLI::Range(1, 60'000));
  options.add_option("--packet-bytes", setup.packet_bytes, "RTP packets, before sealing")
      ->check(CLI::Range(std::size_t{kHeaderBytes + 1}, kPacketBytesMax));
  options
      .add_option("--between-bytes", setup.between_bytes,
                  "Packets of another stream, one burst between two, uncounted")
      ->check(CLI::Range(std::size_t{kHeaderBytes + 1}, kPacketBytesMax));
  options.add_option("--between-burst", setup.between_burst)
      ->check(CLI::Range(std::size_t{1}, kBurstMax));
  options.add_option("--rounds", setup.rounds)->check(CLI::Range(1, 10'000));
  options.add_option("--burst", setup.bursts, "Packets of a frame; may be given several times")
      ->check(CLI::Range(std::size_t{1}, kBurstMax));
  options.add_option("--profile", profile)->check(CLI::IsMember({"both", "gcm", "cm"}));
  options.add_flag("--json", setup.json, "One JSON object");
  options.add_option("--cipher", cipher)
      ->check(CLI::IsMember({"automatic", "openssl", "ipsec-mb"}));
  try {
    options.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    status = options.exit(error);
    return std::nullopt;
  }
  if (cipher != "automatic") {
    setup.cipher =
        cipher == "openssl" ? srtp::CipherChoice::kOpenssl : srtp::CipherChoice::kIpsecMb;
  }
  if (profile != "both") {
    setup.profiles = {profile == "gcm" ? srtp::Profile::kAeadAes128Gcm
                                       : srtp::Profile::kAes128CmSha1_80};
  }
  return setup;
}

}  // namespace visavis::bench
