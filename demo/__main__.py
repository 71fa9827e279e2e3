"""`python -m demo` tells the story."""

from demo.story import main

raise SystemExit(main())
