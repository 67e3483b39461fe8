// What the forms of a check share.
#pragma once

#include <string>
#include <utility>

#include "shared/forms.hpp"
#include "smoothbound/report/check/writers.hpp"

namespace smoothbound {

/// One sentence on what changed first, without control characters.
std::string headline(const ArchitectureDiff& diff);

/// How the baseline calls a file that is renamed.
std::string renaming(const ArchitectureDiff& diff);

/// A number then and now with few digits, unless those would hide the difference.
std::pair<std::string, std::string> people_texts(const NumberDiff& number);

void write_check_csv(const CheckResult& result, const Sink& sink);
void write_check_json(const CheckResult& result, JsonWriter& json);

}  // namespace smoothbound
