"""Named comparisons of recognisers: what is shown, what is asked, and how it is seen. Planning reads no poses."""
