// Digests of texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace smoothbound {

/// SHA-256 as 64 hexadecimal digits.
std::string sha256(std::string_view text);

/// The SHA-256 of what is added piece by piece.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();

  /// The bytes, and nothing that would tell where they end.
  void add(std::span<const std::byte> bytes);
  /// A text or a list of numbers with its length, so that no other pieces give the same.
  void add_whole(std::string_view text);
  template <class Number>
  void add_whole(std::span<const Number> numbers) {
    add_length(numbers.size());
    add(std::as_bytes(numbers));
  }
  /// 64 hexadecimal digits; nothing can be added any more.
  [[nodiscard]] std::string digits() &&;

 private:
  void add_length(std::uint64_t length);

  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace smoothbound
