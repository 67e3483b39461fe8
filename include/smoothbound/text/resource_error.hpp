// What the machine cannot give.
#pragma once

#include <stdexcept>
#include <string>

namespace smoothbound {

/// Memory, threads or libraries that are not to be had: what, and what to do about it.
class ResourceError : public std::runtime_error {
 public:
  ResourceError(const std::string& message, std::string advice)
      : std::runtime_error(message), hint(std::move(advice)) {}
  std::string hint;
};

}  // namespace smoothbound
