/**
 * OpenAI's price page as of September and October 2026, written down a second time on purpose. USD per
 * million tokens: input, cached input, cache write, output; then the same for long context. `-`: the page
 * shows no figure, so such tokens cost as input, and a row without long context has one length.
 */
export const PAGE = `
gpt-6-astra standard 10 1 12.5 50 20 2 25 75
gpt-6-astra fast 20 2 25 100 40 4 50 150
gpt-6-astra flex 5 0.5 6.25 25 10 1 12.5 37.5
gpt-6-astra ultrafast 60 6 75 300 120 12 150 450
gpt-6.1-sol standard 2 0.1 2.5 10 4 0.2 5 15
gpt-6.1-sol fast 4 0.2 5 20 8 0.4 10 30
gpt-6.1-sol flex 1 0.05 1.25 5 2 0.1 2.5 7.5
gpt-6.1-sol ultrafast 12 0.6 15 60 24 1.2 30 90
gpt-6-sol standard 2 0.2 2.5 10 4 0.4 5 15
gpt-6-sol fast 4 0.4 5 20 8 0.8 10 30
gpt-6-sol flex 1 0.1 1.25 5 2 0.2 2.5 7.5
gpt-6-luna standard 0.1 0.01 0.125 0.5 0.2 0.02 0.25 0.75
gpt-6-luna fast 0.2 0.02 0.25 1 0.4 0.04 0.5 1.5
gpt-6-luna flex 0.05 0.005 0.0625 0.25 0.1 0.01 0.125 0.375
gpt-5.6-sol standard 4 0.4 5 20 8 0.8 10 30
gpt-5.6-sol fast 8 0.8 10 40 16 1.6 20 60
gpt-5.6-sol flex 2 0.2 2.5 10 4 0.4 5 15
gpt-5.6-terra standard 2 0.2 2.5 12 4 0.4 5 18
gpt-5.6-terra fast 4 0.4 5 24 8 0.8 10 36
gpt-5.6-terra flex 1 0.1 1.25 6 2 0.2 2.5 9
gpt-5.6-luna standard 0.2 0.02 0.25 1.2 0.4 0.04 0.5 1.8
gpt-5.6-luna fast 0.4 0.04 0.5 2.4 0.8 0.08 1 3.6
gpt-5.6-luna flex 0.1 0.01 0.125 0.6 0.2 0.02 0.25 0.9
gpt-5.6-cyber standard 12.5 1.25 15.625 75
gpt-5.5 standard 5 0.5 - 30 10 1 - 45
gpt-5.5 fast 12.5 1.25 - 75
gpt-5.5 flex 2.5 0.25 - 15 5 0.5 - 22.5
gpt-5.5-pro standard 30 - - 180 60 - - 270
gpt-5.5-pro flex 15 - - 90
gpt-5.4 standard 2.5 0.25 - 15 5 0.5 - 22.5
gpt-5.4 fast 5 0.5 - 30
gpt-5.4 flex 1.25 0.13 - 7.5 2.5 0.25 - 11.25
gpt-5.4-mini standard 0.75 0.075 - 4.5
gpt-5.4-mini fast 1.5 0.15 - 9
gpt-5.4-mini flex 0.375 0.0375 - 2.25
gpt-5.4-nano standard 0.2 0.02 - 1.25
gpt-5.4-nano flex 0.1 0.01 - 0.625
gpt-5.4-pro standard 30 - - 180 60 - - 270
gpt-5.4-pro flex 15 - - 90 30 - - 135
gpt-5.3-codex standard 1.75 0.175 - 14
gpt-5.3-codex fast 3.5 0.35 - 28
gpt-5.2 standard 1.75 0.175 - 14
gpt-5.2 fast 3.5 0.35 - 28
gpt-5.2 flex 0.875 0.0875 - 7
gpt-5.2-pro standard 21 - - 168
gpt-5.1 standard 1.25 0.125 - 10
gpt-5.1 fast 2.5 0.25 - 20
gpt-5.1 flex 0.625 0.0625 - 5
gpt-5 standard 1.25 0.125 - 10
gpt-5 fast 2.5 0.25 - 20
gpt-5 flex 0.625 0.0625 - 5
gpt-5-mini standard 0.25 0.025 - 2
gpt-5-mini fast 0.45 0.045 - 3.6
gpt-5-mini flex 0.125 0.0125 - 1
gpt-5-nano standard 0.05 0.005 - 0.4
gpt-5-nano flex 0.025 0.0025 - 0.2
gpt-5-pro standard 15 - - 120
gpt-4.1 standard 2 0.5 - 8
gpt-4.1 fast 3.5 0.875 - 14
gpt-4.1-mini standard 0.4 0.1 - 1.6
gpt-4.1-mini fast 0.7 0.175 - 2.8
gpt-4.1-nano standard 0.1 0.025 - 0.4
gpt-4.1-nano fast 0.2 0.05 - 0.8
gpt-4o standard 2.5 1.25 - 10
gpt-4o fast 4.25 2.125 - 17
gpt-4o-2024-05-13 standard 5 - - 15
gpt-4o-2024-05-13 fast 8.75 - - 26.25
gpt-4o-mini standard 0.15 0.075 - 0.6
gpt-4o-mini fast 0.25 0.125 - 1
o1 standard 15 7.5 - 60
o1-pro standard 150 - - 600
o3-pro standard 20 - - 80
o3 standard 2 0.5 - 8
o3 fast 3.5 0.875 - 14
o3 flex 1 0.25 - 4
o4-mini standard 1.1 0.275 - 4.4
o4-mini fast 2 0.5 - 8
o4-mini flex 0.55 0.138 - 2.2
o3-mini standard 1.1 0.55 - 4.4
gpt-4-turbo-2024-04-09 standard 10 - - 30
gpt-4-0613 standard 30 - - 60
gpt-3.5-turbo standard 0.5 - - 1.5
gpt-3.5-turbo-0125 standard 0.5 - - 1.5
gpt-3.5-turbo-1106 standard 1 - - 2
gpt-3.5-turbo-instruct standard 1.5 - - 2
davinci-002 standard 2 - - 2
babbage-002 standard 0.4 - - 0.4
chat-latest standard 5 0.5 - 30
computer-use-preview standard 3 - - 12
gpt-5-search-api standard 1.25 0.125 - 10
gpt-4o-search-preview standard 2.5 - - 10
gpt-4o-mini-search-preview standard 0.15 - - 0.6
text-embedding-3-small standard 0.02 - - 0
text-embedding-3-large standard 0.13 - - 0
text-embedding-ada-002 standard 0.1 - - 0
ft:o4-mini-2025-04-16:acme::1 standard 4 1 - 16
ft:gpt-4.1-2025-04-14:acme::1 standard 3 0.75 - 12
ft:gpt-4.1-mini-2025-04-14:acme::1 standard 0.8 0.2 - 3.2
ft:gpt-4.1-nano-2025-04-14:acme::1 standard 0.2 0.05 - 0.8
ft:gpt-4o-2024-08-06:acme::1 standard 3.75 1.875 - 15
ft:gpt-4o-mini-2024-07-18:acme::1 standard 0.3 0.15 - 1.2
ft:gpt-3.5-turbo-0125:acme::1 standard 3 - - 6
ft:davinci-002:acme::1 standard 12 - - 12
ft:babbage-002:acme::1 standard 1.6 - - 1.6
`;
