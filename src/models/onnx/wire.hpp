// The wire format of protocol buffers: messages as sequences of fields.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/text/mistakes.hpp"

namespace smoothbound::models::onnx {

/// The advice for what no exporter writes.
inline constexpr const char* damaged_file =
    "is the file complete? copy, download or export it again";

/// What an embedded message consists of: it may come in pieces, which are read as one.
using Pieces = std::vector<std::string_view>;

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// One field of a message. Readers throw SpecError for one of another wire type.
struct Field {
  std::uint32_t number = 0;
  WireType type = WireType::varint;
  std::uint64_t value = 0;  // of varint, fixed32 and fixed64
  std::string_view bytes;

  [[nodiscard]] std::int64_t integer() const;
  [[nodiscard]] float real() const;
  [[nodiscard]] std::string_view message() const;
  /// UTF-8 without control characters; throws SpecError for other texts.
  [[nodiscard]] std::string_view name() const;
  /// Of a repeated field: one number, or several that are packed.
  void append_to(std::vector<std::int64_t>& integers) const;
  void append_to(std::vector<float>& reals) const;
};

/// Goes over the fields of a message.
class FieldReader {
 public:
  /// `what`: its name in messages, "the file". Views and `pieces` have to outlive the reader.
  FieldReader(std::string_view message, std::string_view what) : rest_(message), what_(what) {}
  FieldReader(std::span<const std::string_view> pieces, std::string_view what)
      : pieces_(pieces), what_(what) {}

  /// Whether there was a field. Throws SpecError for bytes that are none.
  bool next(Field& field);

 private:
  std::uint64_t varint();
  std::string_view take(std::uint64_t size, std::uint32_t number);

  std::string_view rest_;
  std::span<const std::string_view> pieces_;
  std::string_view what_;
};

/// Puts `part()` and a colon before what `step` throws.
template <class Part, class Step>
void within(const Part& part, const Step& step) {
  const auto placed = [&](const SpecError& error) {
    return SpecError(whole_file, part() + ": " + error.what(), error.hint);
  };
  try {
    step();
  } catch (const SpecErrors& errors) {
    std::vector<SpecError> all;
    for (const SpecError& error : errors.all) all.push_back(placed(error));
    throw SpecErrors(std::move(all));
  } catch (const SpecError& error) {
    throw placed(error);
  }
}

}  // namespace smoothbound::models::onnx
