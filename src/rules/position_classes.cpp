#include "smoothbound/rules/position_classes.hpp"

#include <algorithm>
#include <map>

namespace smoothbound::rules {
namespace {

// Of one axis: how many inputs of each class an output reads, and by what it divides.
using Signature = std::vector<std::int64_t>;

struct AxisPassage {
  PositionClasses::Axis output;
  std::vector<Signature> of_class;  // counts, and the divisor at the end
};

AxisPassage passage_along(const PositionClasses::Axis* input, const AxisReads& reads) {
  const std::size_t classes = input == nullptr ? 1 : input->sizes.size();
  AxisPassage passage;
  std::map<Signature, std::uint32_t> known;
  for (const AxisReads::Output& output : reads.outputs) {
    Signature signature(classes + 1);
    if (input == nullptr) {
      signature[0] = output.count;
    } else {
      for (std::int64_t t = 0; t < output.count; ++t) {
        ++signature[input->class_of[static_cast<std::size_t>(output.first + t * output.step)]];
      }
    }
    signature.back() = output.divisor;
    const auto [place, is_new] =
        known.try_emplace(std::move(signature), static_cast<std::uint32_t>(known.size()));
    if (is_new) {
      passage.of_class.push_back(place->first);
      passage.output.sizes.push_back(0);
    }
    passage.output.class_of.push_back(place->second);
    ++passage.output.sizes[place->second];
  }
  return passage;
}

bool may_divide(const PositionClasses* input, const PositionReads& reads) {
  if (reads.axes.empty()) return false;
  if (input != nullptr && input->axes().size() != reads.axes.size()) return false;
  for (std::size_t k = 0; k < reads.axes.size(); ++k) {
    const AxisReads& axis = reads.axes[k];
    if (axis.outputs.empty()) return false;
    if (input != nullptr &&
        input->axes()[k].class_of.size() != static_cast<std::size_t>(axis.inputs)) {
      return false;
    }
  }
  return true;
}

// Calls `visit` with the index of each entry of an array of these sizes, in order.
template <class Visitor>
void for_each_index(std::span<const std::size_t> sizes, Visitor&& visit) {
  std::vector<std::size_t> index(sizes.size());
  for (;;) {
    visit(std::span<const std::size_t>(index));
    std::size_t k = sizes.size();
    while (k > 0 && ++index[k - 1] == sizes[k - 1]) index[--k] = 0;
    if (k == 0) return;
  }
}

std::vector<std::size_t> classes_along(std::span<const PositionClasses::Axis> axes) {
  std::vector<std::size_t> sizes;
  for (const PositionClasses::Axis& axis : axes) sizes.push_back(axis.sizes.size());
  return sizes;
}

std::size_t cells_of(std::span<const PositionClasses::Axis> axes) {
  std::size_t product = 1;
  for (const std::size_t classes : classes_along(axes)) {
    product *= std::min(classes, most_position_cells + 1);  // does not overflow
    product = std::min(product, most_position_cells + 1);
  }
  return product;
}

}  // namespace

PositionClasses::PositionClasses(std::vector<Axis> axes) : axes_(std::move(axes)) {
  for_each_index(classes_along(axes_), [&](std::span<const std::size_t> index) {
    Magnitude size = Magnitude::from_count(1);
    for (std::size_t k = 0; k < index.size(); ++k) {
      size *= Magnitude::from_count(axes_[k].sizes[index[k]]);
    }
    sizes_.push_back(size);
  });
}

std::int64_t PositionClasses::positions() const {
  std::int64_t product = 1;
  for (const Axis& axis : axes_) product *= static_cast<std::int64_t>(axis.class_of.size());
  return product;
}

Passage::Passage(const PositionClasses* input, const PositionReads& reads)
    : is_mean_(reads.kind == PositionReads::Kind::mean) {
  if (!may_divide(input, reads)) return;
  std::vector<AxisPassage> along;
  std::vector<PositionClasses::Axis> axes;
  std::vector<std::size_t> inputs;
  for (std::size_t k = 0; k < reads.axes.size(); ++k) {
    const PositionClasses::Axis* axis = input == nullptr ? nullptr : &input->axes()[k];
    along.push_back(passage_along(axis, reads.axes[k]));
    axes.push_back(along.back().output);
    inputs.push_back(axis == nullptr ? 1 : axis->sizes.size());
  }
  if (cells_of(axes) > most_position_cells) return;
  output_ = std::make_shared<PositionClasses>(std::move(axes));
  for_each_index(classes_along(output_->axes()), [&](std::span<const std::size_t> cell) {
    Patch patch;
    for (std::size_t k = 0; k < cell.size(); ++k) {
      patch.divisor = patch.divisor * LowerBound::from_count(along[k].of_class[cell[k]].back());
    }
    // Along each axis the classes that are read at all.
    std::vector<std::vector<std::size_t>> read(cell.size());
    std::vector<std::size_t> sizes;
    for (std::size_t k = 0; k < cell.size(); ++k) {
      const Signature& counts = along[k].of_class[cell[k]];
      for (std::size_t c = 0; c < inputs[k]; ++c) {
        if (counts[c] > 0) read[k].push_back(c);
      }
      sizes.push_back(read[k].size());
    }
    const bool reads_nothing = std::find(sizes.begin(), sizes.end(), 0U) != sizes.end();
    if (!reads_nothing) {
      for_each_index(sizes, [&](std::span<const std::size_t> index) {
        Magnitude count = Magnitude::from_count(1);
        std::size_t place = 0;
        for (std::size_t k = 0; k < index.size(); ++k) {
          const std::size_t c = read[k][index[k]];
          count *= Magnitude::from_count(along[k].of_class[cell[k]][c]);
          place = place * inputs[k] + c;
        }
        patch.terms.push_back({place, count});
      });
    }
    terms_.push_back(std::move(patch));
  });
}

std::vector<Magnitude> Passage::read(std::vector<Magnitude> of_inputs) const {
  // Of nothing there is nothing to sum, as of derivatives by a block that is new.
  if (std::all_of(of_inputs.begin(), of_inputs.end(), [](const auto& x) { return x.is_zero(); })) {
    return std::vector<Magnitude>(terms_.size());
  }
  if (!is_mean_) {
    for (Magnitude& x : of_inputs) x *= x;
  }
  std::vector<Magnitude> of_outputs;
  of_outputs.reserve(terms_.size());
  for (const Patch& patch : terms_) {
    Magnitude sum;
    for (const Term& term : patch.terms) sum += term.count * of_inputs[term.cell];
    of_outputs.push_back(is_mean_ ? sum / patch.divisor : square_root(sum));
  }
  return of_outputs;
}

CommonClasses::CommonClasses(std::span<const PositionClasses* const> all) {
  const auto first =
      std::find_if(all.begin(), all.end(), [](const auto* c) { return c != nullptr; });
  if (first == all.end()) return;
  const std::size_t rank = (*first)->axes().size();
  std::vector<PositionClasses::Axis> axes(rank);
  std::vector<std::vector<std::vector<std::uint32_t>>> origins(rank);  // by axis and class
  for (std::size_t k = 0; k < rank; ++k) {
    std::map<std::vector<std::uint32_t>, std::uint32_t> known;
    const std::size_t positions = (*first)->axes()[k].class_of.size();
    for (std::size_t p = 0; p < positions; ++p) {
      std::vector<std::uint32_t> origin;
      for (const PositionClasses* classes : all) {
        if (classes == nullptr) {
          origin.push_back(0);
          continue;
        }
        if (classes->axes().size() != rank || classes->axes()[k].class_of.size() != positions) {
          return;
        }
        origin.push_back(classes->axes()[k].class_of[p]);
      }
      const auto [place, is_new] =
          known.try_emplace(std::move(origin), static_cast<std::uint32_t>(known.size()));
      if (is_new) {
        origins[k].push_back(place->first);
        axes[k].sizes.push_back(0);
      }
      axes[k].class_of.push_back(place->second);
      ++axes[k].sizes[place->second];
    }
  }
  if (cells_of(axes) > most_position_cells) return;
  classes_ = std::make_shared<PositionClasses>(std::move(axes));
  cells_.resize(all.size());
  for_each_index(classes_along(classes_->axes()), [&](std::span<const std::size_t> cell) {
    for (std::size_t which = 0; which < all.size(); ++which) {
      std::size_t place = 0;
      if (all[which] != nullptr) {
        for (std::size_t k = 0; k < rank; ++k) {
          place = place * all[which]->axes()[k].sizes.size() + origins[k][cell[k]][which];
        }
      }
      cells_[which].push_back(place);
    }
  });
}

}  // namespace smoothbound::rules
