// What a file of weights calls the tensors of a network, as the user says it.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "smoothbound/text/source.hpp"

namespace smoothbound {

/// A mapping in JSON or YAML from names of tensors of the network, or prefixes of such before a
/// dot, to names in a file, or prefixes.
class WeightsMap {
 public:
  struct Row {
    std::string theirs;
    Location ours_at;
    Location theirs_at;
  };
  using Rows = std::unordered_map<std::string, Row>;

  /// Reads all of it. Throws DataError if it cannot be read, SourceErrors for what is no such
  /// mapping.
  explicit WeightsMap(const std::string& path);

  [[nodiscard]] const Source& source() const { return source_; }
  [[nodiscard]] const Rows& rows() const { return rows_; }
  /// The row that `name` follows: its own, or that of its longest prefix; null if there is none.
  [[nodiscard]] const Rows::value_type* find(std::string_view name) const;
  /// What `name` is called by a row that it follows.
  static std::string renamed(const Rows::value_type& row, std::string_view name);

 private:
  Source source_;
  Rows rows_;
};

}  // namespace smoothbound
