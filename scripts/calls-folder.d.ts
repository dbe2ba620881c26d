export declare const CALLS: string;
export declare const COMPLETE: string;
