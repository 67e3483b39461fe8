#include "smoothbound/text/digest.hpp"

#include <sha2.h>

#include <array>
#include <cstdint>

namespace smoothbound {

std::string sha256(std::string_view text) {
  std::array<char, SHA256_DIGEST_STRING_LENGTH> digest{};
  SHA256Data(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), digest.data());
  return digest.data();
}

struct Sha256::Context {
  SHA2_CTX state{};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) { SHA256Init(&context_->state); }
Sha256::~Sha256() = default;

void Sha256::add(std::span<const std::byte> bytes) {
  SHA256Update(&context_->state, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

void Sha256::add_whole(std::string_view text) {
  add_length(text.size());
  add(std::as_bytes(std::span(text)));
}

void Sha256::add_length(std::uint64_t length) { add(std::as_bytes(std::span(&length, 1))); }

std::string Sha256::digits() && {
  std::array<char, SHA256_DIGEST_STRING_LENGTH> digest{};
  SHA256End(&context_->state, digest.data());
  return digest.data();
}

}  // namespace smoothbound
