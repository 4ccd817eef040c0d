/* Repeated borders of single images. */
#pragma once
#include "images.h"

namespace trawl {

/** The border of one padded image from the pixels inside. */
void repeatBorder(float* y, const Size& inside, int64_t border);

/** The transpose: row `row` of an image from the rows of the padded dy, borders added to what they repeat. */
void foldRow(const float* dy, const Size& inside, int64_t border, int64_t row, float* __restrict dz);

}  // namespace trawl
